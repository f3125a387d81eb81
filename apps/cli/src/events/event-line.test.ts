import { expect, it } from 'vitest';
import { eventLine, timeOf } from './event-line.ts';

const EVENT = {
  stream: 'main',
  shard: 3,
  shardlet: 17,
  seq: 5,
  ts: 978_307_260_123_456,
  event: {
    specversion: '1.0' as const,
    id: '42',
    source: '/traces/flights',
    type: 'com.foreshard.flight.departed',
    subject: 'LAS',
  },
};

it('shows when, where and what', () => {
  const line = eventLine({ ...EVENT, event: { ...EVENT.event, data: { delay: 33 } } }, true);
  expect(line).toBe('2001-01-01T00:01:00.123Z  17/5  com.foreshard.flight.departed  LAS  42  {"delay":33}');
});

it('prefers the key that routes, marks late events, and cuts long data', () => {
  const event = { ...EVENT.event, partitionkey: 'pk', data: 'x'.repeat(500) };
  const line = eventLine({ ...EVENT, late: true, event }, true);
  expect(line).toContain('17/5 (late)');
  expect(line).toContain('  pk  ');
  expect(line.endsWith('xxx...')).toBe(true);
  expect(line.length).toBeLessThan(250);
});

it('names the zone of a local time', () => {
  const local = timeOf(EVENT.ts, false);
  expect(local).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.123[+-]\d\d:\d\d$/);
  expect(Date.parse(local)).toBe(978_307_260_123);
});

it('what others wrote neither moves the cursor nor changes the order of the text', () => {
  const event = { ...EVENT.event, type: '\u001b[2J', subject: '\u202eyek', data: '\u0085\u2066\u007f' };
  const line = eventLine({ ...EVENT, event }, true);
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(line).toContain('\\u001b[2J  \\u202eyek');
});
