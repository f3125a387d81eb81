/**
 * What fetching ahead saves a stateful handler that reads histories: its mean wait and the share of objects fetched in vain, beside LRU,
 * W-TinyLFU, read-ahead, Markov prefetch of order 1 and the true future, all with a cache of the same size and the same
 * calls under way. Thresholds are chosen on the first half of a trace and scored on the second.
 */
import { join } from 'node:path';
import { S3Fifo } from '@foreshard/core/caching';
import { type EvictionPolicy, Lru } from '@foreshard/core/prefetching';
import type { BenchOptions, BenchResult } from './bench.ts';
import { type Spread, spread } from './measure/interleave.ts';
import {
  Future,
  MarkovOfOrder1,
  NO_PREDICTOR,
  type Predictor,
  Prefetching,
  ReadAhead,
} from './prefetch/predictors.ts';
import { FETCH_MS, type Replayed, replay, WORK_MS } from './prefetch/replay.ts';
import { type Access, type AccessTrace, accessTraces } from './prefetch/traces.ts';
import { WTinyLfu } from './prefetch/w-tiny-lfu.ts';

const BESIDE_CHECKOUT = join(import.meta.dirname, '../../../shared/data');
/** of the objects there are */
const SIZE = 0.05;
/** Reads that count as soon after. */
const WINDOW = 16;
const THRESHOLDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7];
/** Thresholds are chosen on the last of the first half. */
const TUNED_MAX = 50_000;
const WASTE_MAX = 0.5;
/** Nothing is chosen there: the lowest threshold has to be harmless. */
const MADE = 'unrelated';
const P99 = 0.99;

interface Way {
  readonly name: string;
  readonly cache: (capacity: number) => EvictionPolicy;
  readonly predictor: (accesses: readonly Access[]) => Predictor;
  readonly isTuned: boolean;
  readonly isOurs?: true;
}

const s3 = (capacity: number) => new S3Fifo(capacity);
const WAYS: readonly Way[] = [
  { name: 'LRU', cache: (size) => new Lru(size), predictor: () => NO_PREDICTOR, isTuned: false },
  { name: 'W-TinyLFU', cache: (size) => new WTinyLfu(size), predictor: () => NO_PREDICTOR, isTuned: false },
  { name: 'read-ahead', cache: s3, predictor: (all) => new ReadAhead(all), isTuned: false },
  { name: 'Markov prefetch', cache: s3, predictor: () => new MarkovOfOrder1(), isTuned: true },
  { name: 'own cache alone', cache: s3, predictor: () => NO_PREDICTOR, isTuned: false },
  {
    ...{ name: 'prefetch', cache: s3, isTuned: true, isOurs: true },
    predictor: (all) => new Prefetching(all, WINDOW),
  },
  { name: 'true future', cache: s3, predictor: (all) => new Future(all), isTuned: false },
];
const YARDSTICKS = ['LRU', 'W-TinyLFU', 'read-ahead', 'Markov prefetch'];

interface Score {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly hitRate: number;
  readonly wasted: number;
}

export async function run({ data = BESIDE_CHECKOUT, only = [] }: BenchOptions): Promise<BenchResult> {
  const mode: Record<string, string | number> = {
    'cache, share of the objects': SIZE,
    clock: `${WORK_MS} ms of work after each read; a fetch takes ${FETCH_MS} ms; recorded times where there are any`,
  };
  const ratios: Record<string, Spread> = {};
  const marks: Record<string, string> = {};
  for (const trace of await accessTraces(data)) {
    if (only.length > 0 && !only.some((part) => trace.name.includes(part))) continue;
    process.stderr.write(`  ${trace.name}: ${trace.accesses.length} accesses\n`);
    const scores = new Map<string, Score>();
    for (const way of WAYS) {
      const { score, said } = scoreOf(trace, way);
      scores.set(way.name, score);
      mode[`${trace.name}: ${way.name}`] = said;
    }
    process.stderr.write(`${JSON.stringify([...scores])}\n`);
    const [own, alone] = [scores.get('prefetch')!, scores.get('own cache alone')!];
    const best = Math.min(...YARDSTICKS.map((name) => scores.get(name)!.meanMs));
    ratios[`${trace.name}: mean wait / best of four`] = spread([own.meanMs / best]);
    ratios[`${trace.name}: mean wait / own cache alone`] = spread([own.meanMs / alone.meanMs]);
    ratios[`${trace.name}: wasted of fetched`] = spread([own.wasted]);
    const isMade = trace.name.startsWith(MADE);
    if (isMade) marks[`${trace.name}: mean wait / own cache alone`] = '<= 1.02';
    else {
      marks[`${trace.name}: mean wait / best of four`] = '<= 0.8';
      marks[`${trace.name}: wasted of fetched`] = '<= 0.5';
    }
  }
  return { mode, ratios, marks };
}

function scoreOf(
  { name, accesses }: AccessTrace,
  way: Way,
): { readonly score: Score; readonly said: string } {
  const middle = accesses.length >> 1;
  const capacity = Math.max(8, Math.round(SIZE * new Set(accesses.map(({ id }) => id)).size));
  const replayed = (all: readonly Access[], threshold: number, isJudged: boolean) =>
    replay(all, {
      ...{ cache: way.cache(capacity), capacity, predictor: way.predictor(all), threshold },
      isJudged,
    });
  const part = accesses.slice(Math.max(0, middle - TUNED_MAX), middle);
  const threshold = !way.isTuned ? 0 : name.startsWith(MADE) ? THRESHOLDS[0]! : tuned(part, replayed);
  const result = replayed(accesses, threshold, way.isOurs === true);
  // what it costs until it stands aside counts
  const score = scored(result, name.startsWith(MADE) ? 0 : middle);
  const hours = (ms: number | undefined) =>
    ms === undefined ? 'never' : `after ${(ms / 3_600_000).toFixed(2)} h`;
  const more = [
    ...(way.isTuned ? [`threshold ${threshold}`] : []),
    ...(way.isOurs ? [`stood aside ${hours(result.asideAtMs)}`] : []),
  ];
  return { score, said: [wordsOf(score), ...more].join(', ') };
}

function tuned(
  part: readonly Access[],
  replayed: (all: readonly Access[], threshold: number, isJudged: boolean) => Replayed,
): number {
  let best = { threshold: 1, meanMs: Number.POSITIVE_INFINITY };
  for (const threshold of THRESHOLDS) {
    const { meanMs, wasted } = scored(replayed(part, threshold, false), part.length >> 1);
    if (wasted <= WASTE_MAX && meanMs < best.meanMs) best = { threshold, meanMs };
  }
  return best.threshold;
}

function scored({ waitsMs, fetched, wasted, hits }: Replayed, from: number): Score {
  const waits = waitsMs.subarray(from);
  const grown = (series: Uint32Array) => series.at(-1)! - (from === 0 ? 0 : series[from - 1]!);
  const sorted = waits.slice().sort();
  return {
    meanMs: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    p99Ms: sorted[Math.floor(P99 * sorted.length)]!,
    hitRate: grown(hits) / waits.length,
    wasted: grown(fetched) === 0 ? 0 : grown(wasted) / grown(fetched),
  };
}

function wordsOf({ meanMs, p99Ms, hitRate, wasted }: Score): string {
  return `mean wait ${meanMs.toFixed(3)} ms, p99 ${p99Ms.toFixed(2)}, hits ${hitRate.toFixed(3)}, wasted ${wasted.toFixed(3)}`;
}
