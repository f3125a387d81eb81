import { describe, expect, it } from 'vitest';
import { atMicrosOf, fromSeqOf, limitOf, skippedHostsOf, waitMsOf } from './parameters.ts';

describe('the query of a reader', () => {
  it('has defaults', () => {
    expect([limitOf({}), waitMsOf({}), fromSeqOf({}), atMicrosOf({})]).toEqual([
      1000,
      0,
      undefined,
      undefined,
    ]);
    expect(skippedHostsOf({}).size).toBe(0);
  });

  it.each(['0', '10001', '-1', '1.5', 'x', '', '1e3', '99999999999999999999'])(
    'refuses limit=%j',
    (limit) => {
      expect(() => limitOf({ limit })).toThrow(/limit=/);
    },
  );

  it('cuts a long wait', () => {
    expect(waitMsOf({ wait: '600000' })).toBe(30_000);
    expect(() => waitMsOf({ wait: 'long' })).toThrow(/wait=/);
  });

  it.each([
    ['2001-01-01T00:00:00Z', 978_307_200_000_000],
    ['2001-01-01T01:00:00.123456789+01:00', 978_307_200_123_456],
    ['978307200000001', 978_307_200_000_001],
  ])('understands at=%s', (at, micros) => {
    expect(atMicrosOf({ at })).toBe(micros);
  });

  it.each(['yesterday', '2001-01-01', '2001-13-01T00:00:00Z', '', '-5'])('refuses at=%j', (at) => {
    expect(() => atMicrosOf({ at })).toThrow(/at=/);
  });

  it('takes several hosts to skip', () => {
    expect([...skippedHostsOf({ skip: '3,5' })]).toEqual([3, 5]);
    expect(() => skippedHostsOf({ skip: '3,' })).toThrow(/skip=/);
  });
});
