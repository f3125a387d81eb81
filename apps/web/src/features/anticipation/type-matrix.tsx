'use client';

/** Type by type: how strongly one announces the other, and after what time. A cell opens into what it was counted from. */
import { anticipation } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import { lagBars, lagWords, pairWords, type TypePair } from './anticipation-words.ts';

const TYPES = 12;
/** of the colour, at a coefficient of 1; text stays readable on it */
const TINT_MAX = 34;

export function TypeMatrix({ stream }: { stream: string }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const [chosen, setChosen] = useState<string | undefined>();
  const input = { stream, types: TYPES };
  const found = useQuery({
    ...trpc.operations.anticipation.matrix.queryOptions(input),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const pair = found.data?.pairs.find((one) => idOf(one.from, one.to) === chosen);
  return (
    <Card aria-labelledby="matrix-title" className="overflow-hidden">
      <CardHead
        id="matrix-title"
        title="Which types announce which"
        hint="rows come first, columns follow; 1: always, 0: no relation, below 0: less than usual"
      >
        <EdgeCurl operation={anticipation.matrix} input={input} />
      </CardHead>
      {found.data === undefined && found.error !== null ? (
        <Unreadable
          title="The matrix could not be read"
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      ) : found.data === undefined ? (
        <Loading className="mx-5 mb-5 h-40" />
      ) : (
        <Table types={found.data.types} pairs={found.data.pairs} chosen={chosen} onChoose={setChosen} />
      )}
      {pair === undefined ? null : <Evidence pair={pair} />}
    </Card>
  );
}

interface TableProps {
  readonly types: readonly string[];
  readonly pairs: readonly TypePair[];
  readonly chosen: string | undefined;
  onChoose(id: string | undefined): void;
}

function Table({ types, pairs, chosen, onChoose }: TableProps) {
  const byId = new Map(pairs.map((pair) => [idOf(pair.from, pair.to), pair]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Matrix of types" className="relative overflow-x-auto px-5 pb-4">
      <table className="tabular border-separate border-spacing-0.5 text-sm">
        <thead>
          <tr>
            <th className="px-2 py-1 text-left font-medium text-faint text-xs">first, then</th>
            {types.map((type) => (
              <th
                key={type}
                scope="col"
                className="max-w-32 truncate px-2 py-1 font-medium text-soft text-xs"
              >
                {type}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {types.map((from) => (
            <tr key={from}>
              <th scope="row" className="max-w-48 truncate pr-3 text-left font-medium text-soft text-xs">
                {from}
              </th>
              {types.map((to) => {
                const id = idOf(from, to);
                const isChosen = id === chosen;
                return (
                  <Cell
                    key={to}
                    pair={byId.get(id)}
                    isChosen={isChosen}
                    onChoose={() => onChoose(isChosen ? undefined : id)}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({
  pair,
  isChosen,
  onChoose,
}: {
  pair: TypePair | undefined;
  isChosen: boolean;
  onChoose(): void;
}) {
  if (pair === undefined)
    return (
      <td className="min-w-20 rounded bg-sunken text-center text-faint text-xs">
        <span className="sr-only">never</span>
      </td>
    );
  const { from, to, coefficient, isEnough, lagMs, samples } = pair;
  const value = isEnough ? coefficient.toFixed(2) : 'too few';
  return (
    <td className="min-w-20 p-0">
      <button
        type="button"
        aria-pressed={isChosen}
        title={formatCounted(samples, 'sample')}
        onClick={onChoose}
        style={isEnough ? { background: tintOf(coefficient) } : undefined}
        className={cn(
          'grid w-full rounded px-2 py-1.5 text-center hover:outline-2 hover:outline-accent-line',
          !isEnough && 'bg-sunken text-faint',
          isChosen && 'outline-2 outline-accent',
        )}
      >
        <span className="sr-only">{`${from}, then ${to}: `}</span>
        <span className={isEnough ? 'font-medium' : 'text-xs'}>{value}</span>
        <span className="text-xs">{lagWords(lagMs.p50)}</span>
      </button>
    </td>
  );
}

function Evidence({ pair }: { pair: TypePair }) {
  const { from, to, lagMs, samples } = pair;
  return (
    <div className="grid gap-3 border-line border-t bg-sunken px-5 py-4 text-sm">
      <p>{pairWords(pair)}</p>
      <div>
        <p className="mb-1.5 text-soft text-xs">
          Time from “{from}” to “{to}”: half within {lagWords(lagMs.p50)}, most from {lagWords(lagMs.p10)} to{' '}
          {lagWords(lagMs.p90)} ({formatCounted(samples, 'sample')})
        </p>
        <ul aria-label="Distribution of the lag" className="tabular grid max-w-md gap-1 text-xs">
          {lagBars(pair.lags).map(({ ms, samples: count, share }) => (
            <li key={ms} className="grid grid-cols-[5rem_1fr_4rem] items-center gap-2">
              <span className="text-right">{lagWords(ms)}</span>
              <span className="h-3 rounded-sm bg-accent" style={{ width: `${Math.max(1, 100 * share)}%` }} />
              <span className="text-soft">{count}</span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function idOf(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

function tintOf(coefficient: number): string {
  const strength = Math.round(TINT_MAX * Math.abs(coefficient));
  const colour = coefficient > 0 ? 'var(--accent)' : 'var(--warn-mark)';
  return `color-mix(in oklab, ${colour} ${strength}%, var(--surface))`;
}
