/** What the page Anticipation says of prefetching. */
import type { anticipation, OutputOf } from '@foreshard/core/operations';
import { formatBytes, formatCounted, formatPercent } from '../../formatting/numbers.ts';

export type PrefetchingEdge = OutputOf<typeof anticipation.prefetching>['edges'][number];
export type WhatIfRow = PrefetchingEdge['whatIf'][number];

export const SOURCE_NAMES = {
  readAhead: 'Read-ahead of members',
  warm: 'Warming after moves and assignments',
  map: 'Expected by the map',
  reads: 'Read together before',
} as const;

export function standingWords({ standing, gainMs }: PrefetchingEdge): string {
  switch (standing) {
    case 'off':
      return 'Off: the policy has no threshold. Read-ahead and warming need none.';
    case 'trial':
      return 'On, and being measured: half an hour with reads decides.';
    case 'worth':
      return `On: it spares readers ${milliseconds(gainMs!.mean)} a read (${milliseconds(gainMs!.low)} to ${milliseconds(gainMs!.high)}).`;
    case 'aside':
      return `Stands aside: it did not beat read-ahead and the cache alone (${milliseconds(gainMs!.low)} to ${milliseconds(gainMs!.high)} a read).`;
  }
}

export function shareOf(part: number, all: number): string {
  return all === 0 ? 'no reads yet' : formatPercent(part / all);
}

/** The row of a threshold; the lowest for one below all. */
export function whatIfAt(rows: readonly WhatIfRow[], threshold: number): WhatIfRow | undefined {
  return rows.findLast((row) => row.threshold <= threshold + 1e-9) ?? rows[0];
}

/** Of all edges together. */
export function whatIfOf(edges: readonly PrefetchingEdge[]): WhatIfRow[] {
  const [first, ...rest] = edges.map(({ whatIf }) => whatIf);
  return (first ?? []).map((row, i) =>
    rest.reduce(
      (sum, rows) => ({
        threshold: row.threshold,
        fetchedBytes: sum.fetchedBytes + (rows[i]?.fetchedBytes ?? 0),
        wastedBytes: sum.wastedBytes + (rows[i]?.wastedBytes ?? 0),
        hits: sum.hits + (rows[i]?.hits ?? 0),
      }),
      row,
    ),
  );
}

export function whatIfWords({ fetchedBytes, wastedBytes, hits }: WhatIfRow): string {
  if (fetchedBytes === 0) return 'Nothing would have been fetched in the last day.';
  return `In the last day: ${formatBytes(fetchedBytes)} fetched, ${formatBytes(wastedBytes)} of it in vain, ${formatCounted(hits, 'more hit')}.`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}
