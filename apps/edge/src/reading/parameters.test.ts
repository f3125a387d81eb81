import { parseMicros } from '@foreshard/core/kernel';
import { reading } from '@foreshard/core/operations';
import { describe, expect, it } from 'vitest';
import { checkedQuery } from '../api/checking.ts';
import { described } from '../api/described.ts';
import { pageOf, skippedHosts, timeOfFrom } from './parameters.ts';

const [logQuery, shardletQuery] = [reading.log, reading.shardlet].map((one) => described(one).query!);
const given = (query: Record<string, string | string[]>) =>
  Object.fromEntries(Object.entries(query).map(([name, values]) => [name, [values].flat()]));
const log = (query: Record<string, string | string[]>) => checkedQuery(logQuery!, given(query));
const shardlet = (query: Record<string, string>) => checkedQuery(shardletQuery!, given(query));

describe('the query of a reader', () => {
  it('has defaults', () => {
    expect(log({})).toEqual({});
    expect(pageOf({})).toEqual({ limit: 1_000, waitMs: 0 });
    expect(skippedHosts(undefined)).toEqual(new Set());
  });

  it.each(['0', '10001', '-1', '1.5', 'x', '', '1e3', ' 1', '0x10', '99999999999999999999'])(
    'refuses limit=%j',
    (limit) => {
      expect(() => log({ limit })).toThrow(/limit=.*: a whole number from 1 to 10000 is expected/);
    },
  );

  it('cuts a long wait', () => {
    expect(pageOf(log({ wait: '600000' }))).toMatchObject({ waitMs: 30_000 });
    expect(() => log({ wait: 'long' })).toThrow(/wait=/);
  });

  it.each([
    ['2001-01-01T00:00:00Z', 978_307_200_000_000],
    ['2001-01-01T01:00:00.123456789+01:00', 978_307_200_123_456],
    ['2001-01-01T01:00:00 01:00', 978_307_200_000_000],
    ['978307200000001', 978_307_200_000_001],
  ])('understands at=%s', (at, micros) => {
    expect(parseMicros(shardlet({ at }).at as string)).toBe(micros);
  });

  it.each(['yesterday', '2001-01-01', '2001-13-01T00:00:00Z', '2001-02-30T00:00:00Z', '', '-5'])(
    'refuses at=%j',
    (at) => {
      expect(() => shardlet({ at })).toThrow(/at=/);
    },
  );

  it.each(['2001-01-01', '2001-13-01T00:00:00Z', '1969-12-31T23:59:59Z', '2001-01-01T00:00'])(
    'says of from=%j that it is no time, not that a cursor was changed',
    (from) => {
      expect(() => timeOfFrom(from)).toThrow(/a time since 1970 is written like/);
    },
  );

  it('tells times from cursors', () => {
    expect(timeOfFrom('AQGw8ZXzj52YAx8DuUA')).toBeUndefined();
    expect(timeOfFrom('2001-01-01T01:00:00 01:00')).toBe(978_307_200_000_000);
  });

  it('takes several hosts to skip', () => {
    expect([...skippedHosts(log({ skip: '3,5' }).skip as string)]).toEqual([3, 5]);
    expect(() => log({ skip: '3,' })).toThrow(/skip=/);
  });

  it('names every place that is wrong: unknown names, names given twice, bad values', () => {
    let places: unknown;
    try {
      log({ limit: '0', Limit: '5', wait: ['1', '2'] });
    } catch (error) {
      places = (error as { places: unknown }).places;
    }
    expect(places).toEqual([
      { pointer: '?wait', detail: '"wait" is given more than once' },
      { pointer: '?limit', detail: expect.stringContaining('limit="0"') },
      {
        pointer: '?Limit',
        detail: '"Limit" is no parameter of this route: there are from, limit, wait, skip',
      },
    ]);
  });
});
