'use client';

/** Events as rows that open: the text as it is stored, or set out for reading. */
import { ChevronRight, Download } from 'lucide-react';
import Link from 'next/link';
import { Fragment, useState } from 'react';
import { cn } from '../../components/class-names.ts';
import { Button } from '../../components/ui/button.tsx';
import { CopyButton } from '../../components/ui/copy-button.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes } from '../../formatting/numbers.ts';
import type { EventRow } from '../../server/events/event-rows.ts';
import { prettyJson } from './pretty-json.ts';

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'h-10 px-3 first:pl-5 last:pr-5';

export function EventTable({
  rows,
  nowMs,
  label,
}: {
  rows: readonly EventRow[];
  nowMs: number;
  label: string;
}) {
  const [open, setOpen] = useState<string>();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label={label} className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={cn(HEAD, 'w-8')}>
              <span className="sr-only">Open</span>
            </th>
            <th className={HEAD}>Stored</th>
            <th className={HEAD}>Type</th>
            <th className={HEAD}>Key</th>
            <th className={cn(HEAD, 'max-md:hidden')}>Source</th>
            <th className={cn(HEAD, 'max-lg:hidden')}>Id</th>
            <th className={cn(HEAD, 'text-right max-md:hidden')}>Shardlet, seq</th>
            <th className={cn(HEAD, 'text-right max-md:hidden')}>Size</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const place = `${row.shardlet}-${row.seq}`;
            const isOpen = open === place;
            return (
              <Fragment key={place}>
                <EventLine
                  row={row}
                  nowMs={nowMs}
                  isOpen={isOpen}
                  onToggle={() => setOpen(isOpen ? undefined : place)}
                />
                {isOpen ? (
                  <tr className="border-line border-b bg-sunken">
                    <td colSpan={8} className="px-5 py-4">
                      <EventText row={row} />
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function EventLine({
  row,
  nowMs,
  isOpen,
  onToggle,
}: {
  row: EventRow;
  nowMs: number;
  isOpen: boolean;
  onToggle(): void;
}) {
  return (
    <tr className="border-line border-b last:border-b-0 hover:bg-hover/60">
      <td className={cn(CELL, 'pr-0')}>
        <button
          type="button"
          onClick={onToggle}
          aria-expanded={isOpen}
          aria-label={`Text of event ${row.id}`}
          className="grid size-7 place-items-center rounded-sm text-soft hover:bg-hover hover:text-text"
        >
          <ChevronRight aria-hidden className={cn('size-4 transition-transform', isOpen && 'rotate-90')} />
        </button>
      </td>
      <td className={CELL}>
        <When ms={row.atMs} nowMs={nowMs} className="whitespace-nowrap text-soft" />
      </td>
      <td className={cn(CELL, 'max-w-56 truncate font-medium')} title={row.type}>
        {row.type}
      </td>
      <td className={cn(CELL, 'max-w-44 truncate')} title={`${row.key} at ${row.position}`}>
        <Link
          href={`/events?stream=${encodeURIComponent(row.stream)}&key=${encodeURIComponent(row.key)}&back=oldest`}
          className="text-accent underline-offset-4 hover:underline"
        >
          {row.key}
        </Link>
      </td>
      <td className={cn(CELL, 'max-w-44 truncate text-soft max-md:hidden')} title={row.source}>
        {row.source}
      </td>
      <td className={cn(CELL, 'max-w-40 truncate font-mono text-soft text-xs max-lg:hidden')} title={row.id}>
        {row.id}
      </td>
      <td className={cn(CELL, 'whitespace-nowrap text-right font-mono text-soft text-xs max-md:hidden')}>
        {row.shardlet}, {row.seq}
      </td>
      <td className={cn(CELL, 'whitespace-nowrap text-right text-soft max-md:hidden')}>
        {formatBytes(row.chars)}
      </td>
    </tr>
  );
}

type Look = 'pretty' | 'raw';
const LOOKS: readonly (readonly [Look, string])[] = [
  ['pretty', 'Pretty'],
  ['raw', 'Raw'],
];

function EventText({ row }: { row: EventRow }) {
  const isCut = row.chars > row.text.length;
  const [look, setLook] = useState<Look>(isCut ? 'raw' : 'pretty');
  const text = look === 'pretty' && !isCut ? prettyJson(row.text) : row.text;
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        {isCut ? null : (
          <Segmented
            label="How the text is shown"
            value={look}
            choices={LOOKS}
            onChange={(next: Look) => setLook(next)}
          />
        )}
        <CopyButton text={text} label="Copy the text" />
        <Button asChild size="sm">
          <a href={`/api/events/body?shardlet=${row.shardlet}&seq=${row.seq}`} download>
            <Download /> Download
          </a>
        </Button>
        <p className="text-soft text-xs">
          ts {row.ts} µs, shard {row.shard}, position <span className="font-mono">{row.position}</span>
          {isCut ? `. Cut: the first ${formatBytes(row.text.length)} of ${formatBytes(row.chars)}` : ''}
        </p>
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-md border border-line bg-surface p-3 font-mono text-xs leading-5"
      >
        {text}
        {isCut ? ' …' : ''}
      </pre>
    </div>
  );
}
