'use client';

/** Which groups are listed. What is typed counts a moment after the last key, so a word is one question. */
import { useEffect, useState } from 'react';
import { SmallField } from '../../components/ui/field.tsx';
import { formatCounted } from '../../formatting/numbers.ts';

const SETTLED_MS = 300;

interface FiltersProps {
  readonly search: string;
  readonly internal: boolean;
  /** left out of the list now */
  readonly hidden: number;
  onSearch(search: string): void;
  onInternal(internal: boolean): void;
}

export function GroupFilters({ search, internal, hidden, onSearch, onInternal }: FiltersProps) {
  const [typed, setTyped] = useState(search);
  // Back, or a link
  useEffect(() => setTyped(search), [search]);
  useEffect(() => {
    if (typed.trim() === search) return;
    const timer = setTimeout(() => onSearch(typed.trim()), SETTLED_MS);
    return () => clearTimeout(timer);
  });
  return (
    <search className="flex flex-wrap items-end gap-x-5 gap-y-3">
      <div className="w-64 max-w-full">
        <SmallField
          label="Group or stream"
          type="search"
          placeholder="part of its name"
          maxLength={64}
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
      </div>
      <label className="flex h-9 items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="size-4 accent-(--accent)"
          checked={internal}
          onChange={({ target }) => onInternal(target.checked)}
        />
        Groups of re-driven events
        {hidden === 0 ? null : <span className="text-faint">({formatCounted(hidden, 'group')} hidden)</span>}
      </label>
    </search>
  );
}
