import { expect, it } from 'vitest';
import { END, range, START } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { neededBy, prunable } from './pruning.ts';
import type { KnownCheckpoint } from './records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-11-24T12:30:00Z');

const alive = (lost: Shardlet['lost'] = []): Shardlet => ({
  ...{ id: 1, stream: 1, shard: 0, range: range(START, END), owner: 1, epoch: 1, state: { kind: 'open' } },
  ...{ parents: [], lost },
});

function taken(atMs: number, more: Partial<KnownCheckpoint> = {}): KnownCheckpoint {
  return {
    ...{ id: new Date(atMs).toISOString(), shardlet: 1, seq: atMs / 1_000, epoch: 1, handlerVersion: '1' },
    ...{ base: undefined, bytes: 1, keys: 1, digest: '', reason: 'due', createdAtMs: atMs },
    ...more,
  };
}

const every = (stepMs: number, spanMs: number) =>
  Array.from({ length: spanMs / stepMs }, (_, i) => taken(NOW - i * stepMs));

function kept(
  checkpoints: readonly KnownCheckpoint[],
  settings: { keep_count: number; keep_hours: number },
  { nowMs = NOW, lost = [] as Shardlet['lost'] } = {},
): KnownCheckpoint[] {
  const shardlet = alive(lost);
  const sources = { checkpoints, nowMs, shardlet: (id: number) => (id === 1 ? shardlet : undefined) };
  const needed = neededBy([{ shardlet, seq: nowMs / 1_000 }], sources);
  const going = prunable(needed, settings, sources);
  return checkpoints.filter((one) => !going.includes(one));
}
const agesOf = (all: readonly KnownCheckpoint[], unitMs: number) =>
  all.map(({ createdAtMs }) => Math.round((NOW - createdAtMs) / unitMs)).sort((a, b) => a - b);

it('keeps all of the last hour, one of each hour of the last day, and one of each day before', () => {
  const left = kept(every(5 * MINUTE_MS, 4 * DAY_MS), { keep_count: 1, keep_hours: 96 });
  const young = left.filter(({ createdAtMs }) => NOW - createdAtMs < HOUR_MS);
  expect(agesOf(young, MINUTE_MS)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
  const day = left.filter(
    ({ createdAtMs }) => NOW - createdAtMs < DAY_MS && !young.some((one) => one.createdAtMs === createdAtMs),
  );
  // 11:25: older than an hour, for a host that reports a loss; the first hour is over in part, the last one too
  expect(day.map(({ id }) => id.slice(8, 16))).toEqual([
    ...[
      '24T11:30',
      '24T11:25',
      '24T10:55',
      '24T09:55',
      '24T08:55',
      '24T07:55',
      '24T06:55',
      '24T05:55',
      '24T04:55',
    ],
    ...['24T03:55', '24T02:55', '24T01:55', '24T00:55', '23T23:55', '23T22:55', '23T21:55', '23T20:55'],
    ...['23T19:55', '23T18:55', '23T17:55', '23T16:55', '23T15:55', '23T14:55', '23T13:55', '23T12:55'],
  ]);
  const older = left.filter(({ createdAtMs }) => NOW - createdAtMs >= DAY_MS);
  expect(older.map(({ id }) => id.slice(8, 16))).toEqual(['23T12:30', '22T23:55', '21T23:55', '20T23:55']);
  expect(left).toHaveLength(12 + 25 + 4);
});

it('keeps what it kept as time goes on', () => {
  let all = every(5 * MINUTE_MS, DAY_MS);
  const settings = { keep_count: 1, keep_hours: 24 };
  for (let nowMs = NOW; nowMs <= NOW + 3 * HOUR_MS; nowMs += 10 * MINUTE_MS) {
    all = kept([...all, taken(nowMs + 1_000)], settings, { nowMs: nowMs + 2_000 });
    const ages = all.map(({ createdAtMs }) => nowMs - createdAtMs).sort((a, b) => a - b);
    const gaps = ages.slice(1).map((age, i) => age - ages[i]!);
    expect(Math.max(...gaps)).toBeLessThan(2 * HOUR_MS);
    expect(ages.at(-1)).toBeGreaterThan(22 * HOUR_MS);
  }
});

it('keeps the whole one of an hour, as a delta keeps all that it is based on', () => {
  const at = (minutes: number) => NOW - 5 * HOUR_MS - minutes * MINUTE_MS;
  const whole = taken(at(20));
  const first = taken(at(15), { base: whole.id });
  const second = taken(at(10), { base: first.id });
  const newest = taken(NOW - 3 * HOUR_MS);
  const left = kept([newest, second, first, whole], { keep_count: 1, keep_hours: 24 });
  expect(left).toEqual([newest, whole]);
  // the same at another place in the list
  expect(kept([whole, first, second, newest], { keep_count: 1, keep_hours: 24 })).toEqual([whole, newest]);
  // where there are deltas alone, the last one with its chain
  const before = taken(at(90));
  const lonely = taken(at(14), { base: before.id });
  expect(kept([newest, lonely, before], { keep_count: 1, keep_hours: 5.3 })).toEqual([
    newest,
    lonely,
    before,
  ]);
});

it('keeps no place among the newest for one that a host has lost', () => {
  const old = 30 * HOUR_MS;
  const usable = [taken(NOW - old, { seq: 40 }), taken(NOW - old + 1, { seq: 50 })];
  const lost = taken(NOW - old + 2, { seq: 70 });
  const settings = { keep_count: 2, keep_hours: 1 };
  expect(kept([...usable, lost], settings)).toEqual([usable[1], lost]);
  expect(kept([...usable, lost], settings, { lost: [{ epoch: 2, seq: 60 }] })).toEqual(usable);
});

it('keeps by age no longer than it is told', () => {
  const [newest, old] = [taken(NOW - 2 * HOUR_MS), taken(NOW - 6 * HOUR_MS)];
  expect(kept([newest, old], { keep_count: 1, keep_hours: 6 })).toEqual([newest]);
  expect(kept([newest, old], { keep_count: 1, keep_hours: 6.1 })).toEqual([newest, old]);
  expect(kept([newest, old], { keep_count: 2, keep_hours: 1 })).toEqual([newest, old]);
});

it('keeps the newest by what they hold, then by age, wherever they stand in the list', () => {
  const old = NOW - 30 * HOUR_MS;
  const [low, high, twin] = [10, 20, 20].map((seq, i) => taken(old + i, { seq }));
  const top = taken(old - 1, { seq: 30 });
  for (const all of [
    [low!, high!, twin!, top],
    [top, twin!, high!, low!],
  ])
    expect(new Set(kept(all, { keep_count: 2, keep_hours: 1 }))).toEqual(new Set([top, twin]));
});
