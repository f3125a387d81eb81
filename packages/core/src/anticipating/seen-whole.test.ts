/** Slices put together say the same as one engine that saw all keys. */
import { describe, expect, it } from 'vitest';
import { CorrelationEngine } from '../correlation/index.ts';
import { seededRandom } from '../kernel/index.ts';
import { reportOf } from './report-of.ts';
import { expectedOf, hitsOf, matrixOf, shardletsExpecting, versionOf } from './seen-whole.ts';
import { engineOptionsOf } from './slice-settings.ts';

const OPTIONS = engineOptionsOf({ share: 1, slices: 2, memoryBytes: 2_000_000, attributes: [] });
const KEYS = 40;
const STEP_MS = 1_000;
const NO_SUMS = { learned: 7, dropped: 1, behind: 2 };

/** After "ask" comes "answer", after that anything. */
function log(count: number): { key: number; type: string; timeMs: number }[] {
  const random = seededRandom(5);
  const last = new Map<number, string>();
  return Array.from({ length: count }, (_, i) => {
    const key = Math.floor(random.next() * KEYS);
    const type = last.get(key) === 'ask' ? 'answer' : random.next() < 0.5 ? 'ask' : 'idle';
    last.set(key, type);
    return { key, type, timeMs: 1_000_000 + i * STEP_MS };
  });
}

const events = log(4_000);
const nowMs = events.at(-1)!.timeMs;

function reportFor(has: (key: number) => boolean) {
  const engine = new CorrelationEngine(OPTIONS);
  for (const { key, type, timeMs } of events)
    if (has(key)) engine.observe({ key: `key-${key}`, type, timeMs, attributes: [] }, key % 3);
  return reportOf(engine, NO_SUMS, nowMs);
}

const whole = [reportFor(() => true)];
const parts = [reportFor((key) => key % 2 === 0), reportFor((key) => key % 2 === 1)];

describe('slices together', () => {
  it('have the matrix of all keys, to the sample', () => {
    const [one, two] = [matrixOf(whole, 8), matrixOf(parts, 8)];
    expect(two).toEqual(one);
    expect(new Set(one.types)).toEqual(new Set(['ask', 'answer', 'idle']));
    const pair = one.pairs.find(({ from, to }) => from === 'ask' && to === 'answer')!;
    expect(pair.isEnough).toBe(true);
    expect(pair.lags.reduce((sum, [, samples]) => sum + samples, 0)).toBe(pair.samples);
    expect(pair.lagMs.p10).toBeLessThanOrEqual(pair.lagMs.p50);
    expect(pair.lagMs.p50).toBeLessThanOrEqual(pair.lagMs.p90);
    expect(pair.counts.all).toBe(events.length);
  });

  it('show the most frequent types alone when there are more', () => {
    const { types, pairs } = matrixOf(whole, 2);
    expect(types).toHaveLength(2);
    expect(pairs.every(({ from, to }) => types.includes(from) && types.includes(to))).toBe(true);
  });

  it('list what is expected, likeliest first, with the history of the key', () => {
    const found = expectedOf(parts, 'answer', 5);
    expect(found).toHaveLength(5);
    expect(found[0]!.probability).toBeGreaterThan(0.9);
    expect(found[0]!.history[0]!.type).toBe('ask');
    const probabilities = found.map(({ probability }) => probability);
    expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
    expect(expectedOf(parts, undefined, 500).length).toBeGreaterThan(found.length);
    expect(expectedOf(parts, 'never', 5)).toEqual([]);
  });

  it('add up what a shardlet expects', () => {
    const found = shardletsExpecting(parts, 'answer', 9);
    expect(found.map(({ shardlet }) => shardlet).sort()).toEqual([0, 1, 2]);
    const keys = found.reduce((sum, one) => sum + one.keys, 0);
    const each = parts.flatMap(({ shardlets }) => shardlets.filter(({ type }) => type === 'answer'));
    expect(each.reduce((sum, one) => sum + one.keys, 0)).toBe(keys);
    const soonest = Math.min(...each.filter(({ shardlet }) => shardlet === 0).map((one) => one.nextAtMs!));
    expect(found.find(({ shardlet }) => shardlet === 0)!.nextAtMs).toBe(soonest);
  });

  it('weigh hits by events, and beat "most frequent" where there is something to know', () => {
    const hits = hitsOf(parts);
    const [a, b] = parts.map((one) => one.hits) as [typeof hits, typeof hits];
    expect(hits.events).toBeCloseTo(a.events + b.events);
    expect(hits.hit1 * hits.events).toBeCloseTo(a.hit1 * a.events + b.hit1 * b.events);
    expect(hits.hit1).toBeGreaterThan(hits.frequent1 + 0.15);
    expect(hits.hit3).toBeGreaterThanOrEqual(hits.hit1);
    expect(hitsOf([])).toEqual({ events: 0, hit1: 0, hit3: 0, frequent1: 0, frequent3: 0 });
  });

  it('have the version of the newest report', () => {
    expect(versionOf([])).toBe(0);
    expect(versionOf([whole[0]!, { ...whole[0]!, atMs: nowMs + 5 }])).toBe(nowMs + 5);
  });
});

it('leaves out what was expected long ago', () => {
  const engine = new CorrelationEngine(OPTIONS);
  for (const { key, type, timeMs } of events)
    engine.observe({ key: `key-${key}`, type, timeMs, attributes: [] }, 1);
  expect(reportOf(engine, NO_SUMS, nowMs + 86_400_000).expected).toEqual([]);
});
