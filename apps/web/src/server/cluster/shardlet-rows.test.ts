import { describe, expect, it } from 'vitest';
import type { Load } from '../load/load-window.ts';
import { keyStrip, STRIP_CELLS } from './key-strip.ts';
import { type ShardletQuery, shardletQuerySchema } from './shardlet-query.ts';
import { busiest, shardletPage } from './shardlet-rows.ts';
import { testMap } from './test-cluster.ts';

const map = await testMap();
const ids = [...map.shardlets()].map((s) => s.id);
const load = (events: number): Load => ({ events, bytes: events * 100, refused: 0 });
const rates = new Map([
  [ids[1]!, load(7)],
  [ids[3]!, load(70)],
]);
const page = (query: Partial<ShardletQuery>) => shardletPage(map, rates, shardletQuerySchema.parse(query));

describe('shardletPage', () => {
  it('puts the busiest first, and idle ones by id', () => {
    expect(page({}).rows.map((r) => r.id)).toEqual([ids[3], ids[1], ids[0], ids[2]]);
  });

  it('cuts pages on the server and says how many there are', () => {
    const second = page({ sort: 'id', descending: false, page: 2, pageSize: 3 });
    expect(second).toMatchObject({ total: 4, page: 2, pages: 2 });
    expect(second.rows.map((r) => r.id)).toEqual([ids[3]]);
  });

  it('gives the last page for one that is gone', () => {
    expect(page({ page: 99, pageSize: 3 }).page).toBe(2);
  });

  it('filters by stream, host and state', () => {
    expect(page({ host: 'redis-a' }).rows.every((r) => r.owner === 'redis-a')).toBe(true);
    expect(page({ host: 'redis-a' }).total).toBe(2);
    expect(page({ host: 'no-such-host' }).total).toBe(0);
    expect(page({ stream: 'no-such-stream' }).total).toBe(0);
    expect(page({ state: 'closed' }).total).toBe(0);
    expect(page({ state: 'all' }).total).toBe(4);
  });

  it('writes 64-bit ends as text, exactly', () => {
    const rows = page({ sort: 'range', descending: false }).rows;
    expect(rows.map((r) => r.from)).toEqual([
      '0000000000000000',
      '4000000000000000',
      '8000000000000000',
      'c000000000000000',
    ]);
    expect(rows.at(-1)!.to).toBe('10000000000000000');
    expect(rows.map((r) => r.share)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

it('leaves idle shardlets out of the busiest', () => {
  expect(busiest(map, rates, 20).map((r) => r.eventsPerSecond)).toEqual([70, 7]);
  expect(busiest(map, rates, 1)).toHaveLength(1);
});

describe('keyStrip', () => {
  it('spreads the load of a wide shardlet over the cells it covers, and loses none', () => {
    const strip = keyStrip(map, rates)!;
    expect(strip.stream).toBe('main');
    expect(strip.cells).toHaveLength(STRIP_CELLS);
    expect(strip.cells.slice(16, 32).every((c) => c === 7 / 16)).toBe(true);
    expect(strip.cells.reduce((a, b) => a + b)).toBeCloseTo(77, 9);
  });

  it('shows nothing when nothing comes', () => {
    expect(keyStrip(map, new Map())).toBeUndefined();
  });
});
