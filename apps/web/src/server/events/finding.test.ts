import { describe, expect, it } from 'vitest';
import type { EdgeCalls } from '../edge/edge-client.ts';
import { eventFilterSchema, eventPageSchema, filterOf } from './event-query.ts';
import { eventRow, TEXT_CHARS_MAX } from './event-rows.ts';
import { fits, isPast, type PlacedEvent } from './placed-event.ts';
import { findEvents, pathOf } from './read-events.ts';

const placed = (
  seq: number,
  event: Partial<PlacedEvent['event']> = {},
  more: Partial<PlacedEvent> = {},
): PlacedEvent => ({
  ...{ stream: 'main', shard: 0, shardlet: 1, seq, ts: seq * 1_000_000 },
  event: { id: `e${seq}`, source: '/shop', type: 'order.placed', subject: 'key', ...event },
  ...more,
});
const filter = (given: object) => eventFilterSchema.parse(given);

describe('an event fits', () => {
  it.each([
    [{}, true],
    [{ shardlet: 1 }, true],
    [{ shardlet: 2 }, false],
    [{ key: 'key' }, true],
    [{ key: 'ke' }, false],
    [{ type: 'order.placed' }, true],
    [{ type: 'order' }, false],
    [{ type: 'order.*' }, true],
    [{ type: '*' }, true],
    [{ source: '/sh*', type: 'order.paid' }, false],
  ])('%j: %s', (given, expected) => {
    expect(fits(placed(1), filter(given))).toBe(expected);
  });

  it('by the position of its key, of a half-open range', () => {
    const { position } = eventRow(placed(1));
    const after = (BigInt(`0x${position}`) + 1n).toString(16).padStart(16, '0');
    expect(fits(placed(1), filter({ low: position, high: after }))).toBe(true);
    expect(fits(placed(1), filter({ high: position }))).toBe(false);
    expect(fits(placed(1), filter({ low: after }))).toBe(false);
    expect(fits(placed(1), filter({ low: position, high: '10000000000000000' }))).toBe(true);
  });

  it('by its key: partitionkey, else subject, else source', () => {
    expect(fits(placed(1, { partitionkey: 'p' }), filter({ key: 'p' }))).toBe(true);
    expect(fits(placed(1, { partitionkey: 'p' }), filter({ key: 'key' }))).toBe(false);
    const { subject: _, ...event } = placed(1).event;
    expect(fits({ ...placed(1), event }, filter({ key: '/shop' }))).toBe(true);
  });

  it('before the end of the time, which is exclusive', () => {
    const until = '1970-01-01T00:00:05Z';
    expect([4, 5].map((seq) => isPast(placed(seq), filter({ until })))).toEqual([false, true]);
    expect(isPast(placed(5), filter({}))).toBe(false);
  });
});

describe('the call of the edge', () => {
  it.each([
    [{}, null, '/v1/streams/main/log?limit=7'],
    [{ since: '2026-01-01T00:00:00Z' }, null, '/v1/streams/main/log?from=2026-01-01T00%3A00%3A00Z&limit=7'],
    [{ since: '2026-01-01T00:00:00Z' }, 'c', '/v1/streams/main/log?from=c&limit=7'],
    [{ key: 'a/b' }, null, '/v1/streams/main/keys/a%2Fb/events?limit=7'],
    [
      { shardlet: 3, since: '2026-01-01T00:00:00Z' },
      null,
      '/v1/shardlets/3/events?at=2026-01-01T00%3A00%3A00Z&limit=7',
    ],
    [{ shardlet: 3 }, '9', '/v1/shardlets/3/events?from=9&limit=7'],
  ])('for %j after %s is %s', (given, cursor, path) => {
    expect(pathOf(filter(given), cursor, 7)).toBe(path);
  });
});

describe('a search', () => {
  /** Pages of an edge by their cursors, and what was asked. */
  function edgeWith(pages: Readonly<Record<string, object>>) {
    const asked: URL[] = [];
    const get = async (path: string) => {
      const url = new URL(path, 'http://edge');
      asked.push(url);
      return JSON.stringify(pages[url.searchParams.get('from') ?? 'first']);
    };
    return { edge: { get } as unknown as EdgeCalls, asked };
  }
  const find = (edge: EdgeCalls, given: object) => findEvents(edge, eventPageSchema.parse(given));

  it('without a filter takes one page of the size asked for', async () => {
    const { edge, asked } = edgeWith({ first: { events: [placed(1), placed(2)], next: 'b', atHead: false } });
    expect(await find(edge, { limit: 2 })).toMatchObject({ next: 'b', atHead: false, scanned: 2 });
    expect(asked.map(({ searchParams }) => searchParams.get('limit'))).toEqual(['2']);
  });

  it('with a filter goes on, in large pages, until enough fits', async () => {
    const { edge, asked } = edgeWith({
      first: { events: [placed(1), placed(2, { type: 'a' })], next: 'b', atHead: false },
      b: { events: [placed(3)], next: 'c', atHead: false },
      c: { events: [placed(4, { type: 'a' })], next: 'd', atHead: false },
    });
    const found = await find(edge, { type: 'a', limit: 2 });
    expect(found.events.map(({ seq }) => seq)).toEqual([2, 4]);
    expect(found).toMatchObject({ next: 'd', atHead: false, scanned: 4 });
    expect(asked.map(({ searchParams }) => searchParams.get('limit'))).toEqual(['1000', '1000', '1000']);
  });

  it('ends at the head, at the end of the time, and where a host does not answer', async () => {
    const head = edgeWith({ first: { events: [], next: 'b', atHead: true } });
    expect(await find(head.edge, { type: 'a' })).toMatchObject({ atHead: true, next: 'b' });
    const until = '1970-01-01T00:00:02Z';
    const past = edgeWith({ first: { events: [placed(1), placed(2)], next: 'b', atHead: false } });
    const found = await find(past.edge, { until, limit: 50 });
    expect(found).toMatchObject({ next: null, scanned: 1 });
    expect(found.events.map(({ seq }) => seq)).toEqual([1]);
    const waitingFor = [{ host: 3, name: 'redis-c' }, { host: 4 }];
    const waits = edgeWith({ first: { events: [], next: 'b', atHead: false, waitingFor } });
    expect(await find(waits.edge, { type: 'a' })).toMatchObject({
      waitingFor: ['redis-c', '#4'],
      atHead: false,
    });
    expect(waits.asked).toHaveLength(1);
  });

  it('of a shardlet ends with a page that is not full', async () => {
    const { edge } = edgeWith({ first: { events: [placed(1)], next: '2' } });
    expect(await find(edge, { shardlet: 1, limit: 2 })).toMatchObject({ atHead: true, next: '2' });
    const full = edgeWith({ first: { events: [placed(1), placed(2)], next: '3' } });
    expect(await find(full.edge, { shardlet: 1, limit: 2 })).toMatchObject({ atHead: false, next: '3' });
  });

  it('gives up after twenty empty pages, with the place to go on from', async () => {
    const empty = { events: [], next: 'first', atHead: false };
    const { edge, asked } = edgeWith({ first: empty });
    expect(await find(edge, { type: 'a' })).toMatchObject({ events: [], next: 'first', atHead: false });
    expect(asked).toHaveLength(20);
  });

  it('looks at twenty thousand events at most', async () => {
    const events = Array.from({ length: 1_000 }, (_, i) => placed(i + 1));
    const { edge, asked } = edgeWith({ first: { events, next: 'first', atHead: false } });
    expect(await find(edge, { type: 'a' })).toMatchObject({ scanned: 20_000, next: 'first' });
    expect(asked).toHaveLength(20);
  });
});

describe('a row of a page', () => {
  it('has the beginning of a long event, and how long it is', () => {
    const row = eventRow(placed(1, { data: 'x'.repeat(TEXT_CHARS_MAX) }));
    expect(row.text).toHaveLength(TEXT_CHARS_MAX);
    expect(row.chars).toBeGreaterThan(TEXT_CHARS_MAX);
    expect(row).toMatchObject({ id: 'e1', key: 'key', atMs: 1_000, ts: 1_000_000 });
  });
});

describe('a filter of an address', () => {
  it('takes what is empty for not set', () => {
    const parsed = filterOf(new URLSearchParams('key=&type=a&shardlet='));
    expect(parsed).toEqual(filter({ type: 'a' }));
    expect(filterOf(new URLSearchParams('shardlet=7')).shardlet).toBe(7);
  });

  it('refuses a shardlet that is no number', () => {
    expect(() => filterOf(new URLSearchParams('shardlet=x'))).toThrow();
  });
});
