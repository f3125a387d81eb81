'use client';

/** Rows of dead letters; each can be chosen, and opened. */
import { cn } from '../../components/class-names.ts';
import { Badge, type Tone } from '../../components/ui/badge.tsx';
import { When } from '../../components/when.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import type { LetterRow } from './letter-row.ts';

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2.5 align-top first:pl-5 last:pr-5';
const MICROS_PER_MS = 1_000;

const TONES: Readonly<Record<LetterRow['state'], readonly [Tone, string]>> = {
  dead: ['bad', 'dead'],
  redriven: ['accent', 're-driven'],
  discarded: ['neutral', 'discarded'],
};

interface LetterTableProps {
  readonly rows: readonly LetterRow[];
  readonly chosen: ReadonlySet<string>;
  readonly open: string | null;
  onChoose(chosen: ReadonlySet<string>): void;
  onOpen(letter: string | null): void;
}

export function LetterTable({ rows, chosen, open, onChoose, onOpen }: LetterTableProps) {
  const isAll = rows.every(({ letter }) => chosen.has(letter));
  const nowMs = Date.now();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Dead letters of the group" className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={cn(HEAD, 'w-10')}>
              <input
                type="checkbox"
                aria-label="Choose all shown letters"
                checked={isAll}
                onChange={() => onChoose(isAll ? new Set() : new Set(rows.map(({ letter }) => letter)))}
              />
            </th>
            <th className={HEAD}>Key</th>
            <th className={HEAD}>Reason</th>
            <th className={cn(HEAD, 'max-md:hidden')}>Failed</th>
            <th className={HEAD}>State</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.letter}
              className={cn(
                'border-line border-b last:border-b-0 hover:bg-hover/60',
                row.letter === open && 'bg-accent-soft hover:bg-accent-soft',
              )}
            >
              <td className={CELL}>
                <input
                  type="checkbox"
                  aria-label={`Choose the letter of ${row.key}`}
                  checked={chosen.has(row.letter)}
                  onChange={() => onChoose(toggled(chosen, row.letter))}
                />
              </td>
              <td className={cn(CELL, 'max-w-44')}>
                <button
                  type="button"
                  aria-expanded={row.letter === open}
                  onClick={() => onOpen(row.letter === open ? null : row.letter)}
                  title={row.key}
                  className="block max-w-full truncate text-left font-medium text-accent underline-offset-4 hover:underline"
                >
                  {row.key}
                </button>
                <span className="tabular block text-faint text-xs">
                  shardlet {row.shardlet}, seq {row.seq}
                </span>
              </td>
              <td className={cn(CELL, 'min-w-40')}>
                <span className="line-clamp-2 break-words">{row.reason}</span>
                <span className="block text-faint text-xs">
                  {formatCounted(row.attempts, 'attempt')}
                  {row.failures > 1 ? `, failed ${formatCounted(row.failures, 'time')}` : ''}
                </span>
              </td>
              <td className={cn(CELL, 'whitespace-nowrap text-soft max-md:hidden')}>
                <When ms={row.failedAt / MICROS_PER_MS} nowMs={nowMs} />
              </td>
              <td className={CELL}>
                <State row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function State({ row: { state, decided } }: { row: LetterRow }) {
  const [tone, word] = TONES[state];
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      {decided === null ? null : (
        <span className="mt-1 block max-w-40 truncate text-faint text-xs" title={decided.note}>
          {decided.by}
          {decided.note === '' ? '' : `: ${decided.note}`}
        </span>
      )}
    </>
  );
}

function toggled(chosen: ReadonlySet<string>, letter: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(letter)) next.add(letter);
  return next;
}
