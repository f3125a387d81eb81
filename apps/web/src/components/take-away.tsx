'use client';

/** What a list shows, to take away: as CSV, as JSON, and as the call that answers it. */
import { Download, MoreHorizontal } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { toast } from 'sonner';
import { csvLine } from '../formatting/csv.ts';
import { Button } from './ui/button.tsx';

export interface Taken {
  /** of the file, without its ending */
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** a command that answers the same */
  curl(): string;
}

export function TakeAway({ name, rows, curl }: Taken) {
  return (
    <TakeAwayMenu>
      <Item onSelect={() => save(`${name}.csv`, 'text/csv', csvOf(rows))}>Download as CSV</Item>
      <Item onSelect={() => save(`${name}.json`, 'application/json', JSON.stringify(rows, undefined, 1))}>
        Download as JSON
      </Item>
      <Item onSelect={() => void copy(curl())}>Copy as curl</Item>
    </TakeAwayMenu>
  );
}

export function TakeAwayMenu({ children }: { children: ReactNode }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button aria-label="Export">
          <Download /> <span className="max-sm:sr-only">Export</span> <MoreHorizontal aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          className="z-50 min-w-44 animate-fade rounded-md border border-line bg-surface p-1 shadow-raised"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function Item({ onSelect, children }: { onSelect(): void; children: ReactNode }) {
  return (
    <DropdownMenu.Item
      onSelect={onSelect}
      className="flex h-8 cursor-pointer items-center rounded-sm px-2 text-sm text-soft outline-none data-[highlighted]:bg-hover data-[highlighted]:text-text"
    >
      {children}
    </DropdownMenu.Item>
  );
}

/** The call of the console's own API. Times and filters of the page are in the input. */
export function trpcCurl(path: string, input?: unknown): string {
  const base = `curl -sG '${window.location.origin}/api/trpc/${path}'`;
  return input === undefined ? base : `${base} --data-urlencode ${quoted(`input=${JSON.stringify(input)}`)}`;
}

/** For a shell: nothing in single quotes is special but the quote itself. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast.success('Copied');
  } catch {
    toast.error('The browser did not allow copying', { description: text });
  }
}

export function save(name: string, type: string, ...parts: string[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

function csvOf(rows: Taken['rows']): string {
  const [first] = rows;
  if (first === undefined) return '';
  const names = Object.keys(first);
  return [csvLine(names), ...rows.map((row) => csvLine(names.map((name) => cellOf(row[name]))))].join('');
}

function cellOf(value: unknown): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}
