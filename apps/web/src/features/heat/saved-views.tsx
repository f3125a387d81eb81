'use client';

/** Views of the heat map by name, kept in this browser. A view is an address, so it can be sent to others as well. */
import { Bookmark } from 'lucide-react';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';

const KEY = 'foreshard.heat.views';
const VIEWS_MAX = 20;
const NAME_MAX = 60;

interface SavedView {
  readonly name: string;
  /** what stands behind "?" in the address */
  readonly search: string;
}

export function SavedViews() {
  const [views, setViews] = useKeptViews();
  const [name, setName] = useState('');
  const search = useSearchParams().toString();
  const path = usePathname();
  const router = useRouter();
  const given = name.trim();
  const save = () => {
    const others = views.filter((view) => view.name !== given);
    setViews([{ name: given, search }, ...others].slice(0, VIEWS_MAX));
    setName('');
  };
  return (
    <details className="relative text-sm">
      <summary
        title="Views of the heat map, kept in this browser"
        className="flex h-8 cursor-pointer list-none items-center gap-2 rounded-md border border-line px-3 text-soft hover:bg-hover"
      >
        <Bookmark aria-hidden className="size-4" /> Views
      </summary>
      <div className="absolute right-0 z-20 mt-1 w-72 rounded-md border border-line bg-surface p-4 shadow-lg max-sm:right-auto max-sm:left-0">
        {views.length === 0 ? (
          <p className="text-soft">No view is saved in this browser yet.</p>
        ) : (
          <ul aria-label="Saved views" className="grid gap-1">
            {views.map((view) => (
              <li key={view.name} className="flex items-center justify-between gap-2">
                <button
                  type="button"
                  className="min-w-0 truncate text-accent hover:underline"
                  onClick={() => router.push(`${path}?${view.search}`)}
                >
                  {view.name}
                </button>
                <button
                  type="button"
                  aria-label={`Remove the view ${view.name}`}
                  className="px-1 text-faint hover:text-text"
                  onClick={() => setViews(views.filter((one) => one !== view))}
                >
                  ×
                </button>
              </li>
            ))}
          </ul>
        )}
        <form
          className="mt-3 flex items-end gap-2 border-line border-t pt-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (given !== '') save();
          }}
        >
          <Field
            label="Save this view as"
            value={name}
            maxLength={NAME_MAX}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" disabled={given === ''}>
            Save
          </Button>
        </form>
      </div>
    </details>
  );
}

function useKeptViews() {
  const [views, setViews] = useState<readonly SavedView[]>([]);
  useEffect(() => setViews(readViews()), []);
  const keep = (next: readonly SavedView[]) => {
    localStorage.setItem(KEY, JSON.stringify(next));
    setViews(next);
  };
  return [views, keep] as const;
}

/** What another release or a person wrote there may be anything. */
function readViews(): SavedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  const view = value as Partial<SavedView> | null;
  return typeof view?.name === 'string' && typeof view.search === 'string';
}
