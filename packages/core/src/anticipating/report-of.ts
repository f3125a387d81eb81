/** The report of a slice, from what its engine knows. */
import type { CorrelationEngine } from '../correlation/index.ts';
import type { Progress } from './places.ts';
import type { SliceReport } from './slice-report.ts';

/** Types whose pairs are reported: a matrix that a person can read. */
const MATRIX_TYPES_MAX = 32;
const EXPECTED_TYPES_MAX = 32;
const KEYS_OF_TYPE_MAX = 20;
const SHARDLETS_OF_TYPE_MAX = 20;
/** What is overdue by so long is not expected any more. */
const GRACE_MS = 60_000;

type Sums = Omit<Progress, 'places'> & { readonly behind: number };

export function reportOf(engine: CorrelationEngine, sums: Sums, nowMs: number): SliceReport {
  const { map, hits } = engine;
  map.expire(nowMs, GRACE_MS);
  const counts = engine.counts(MATRIX_TYPES_MAX);
  const types = likeliestTypes(engine);
  return {
    ...{ atMs: nowMs, learned: sums.learned, dropped: sums.dropped, behind: sums.behind },
    ...{ keys: engine.keys, types: engine.types, hits, counts },
    expected: types.flatMap((type) =>
      map
        .ofType(type)
        .slice(0, KEYS_OF_TYPE_MAX)
        .map(({ key, shardlet, probability, expectedAtMs }) => ({
          ...{ type, key, shardlet, probability, expectedAtMs: expectedAtMs ?? null },
          history: engine.historyOf(key),
        })),
    ),
    shardlets: types.flatMap((type) => shardletsOfType(engine, type)),
  };
}

/** By how many events of them are expected. */
function likeliestTypes({ map }: CorrelationEngine): string[] {
  const sumOf = (type: string) => map.ofType(type).reduce((sum, { probability }) => sum + probability, 0);
  return map
    .types()
    .map((type) => ({ type, sum: sumOf(type) }))
    .sort((a, b) => b.sum - a.sum || (a.type < b.type ? -1 : 1))
    .slice(0, EXPECTED_TYPES_MAX)
    .map(({ type }) => type);
}

function shardletsOfType({ map }: CorrelationEngine, type: string): SliceReport['shardlets'][number][] {
  const sums = new Map<number, { events: number; keys: number; nextAtMs: number | null }>();
  for (const { shardlet, probability, expectedAtMs } of map.ofType(type)) {
    const sum = sums.get(shardlet) ?? { events: 0, keys: 0, nextAtMs: null };
    sum.events += probability;
    sum.keys++;
    if (expectedAtMs !== undefined && (sum.nextAtMs === null || expectedAtMs < sum.nextAtMs))
      sum.nextAtMs = expectedAtMs;
    sums.set(shardlet, sum);
  }
  return [...sums]
    .map(([shardlet, sum]) => ({ type, shardlet, ...sum }))
    .sort((a, b) => b.events - a.events || a.shardlet - b.shardlet)
    .slice(0, SHARDLETS_OF_TYPE_MAX);
}
