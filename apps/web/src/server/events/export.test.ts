import { expect, it } from 'vitest';
import type { EdgeCalls } from '../edge/edge-client.ts';
import { eventFilterSchema } from './event-query.ts';
import { type ExportFormat, exportOf } from './export.ts';

const event = { id: 'e1', source: '/shop', type: 't', subject: 'k' };
const placed = (seq: number) => ({ stream: 'main', shard: 0, shardlet: 1, seq, ts: seq * 1_000_000, event });
const whole = { events: [placed(2)], next: 'c', atHead: true };
const waiting = { events: [], next: 'c', atHead: false, waitingFor: [{ host: 3, name: 'redis-c' }] };

/** What a browser has received until the end, or until it broke off. */
async function received(last: object, format: ExportFormat): Promise<{ text: string; error: unknown }> {
  const pages = [{ events: [placed(1)], next: 'b', atHead: false }, last];
  const edge = { get: async () => JSON.stringify(pages.shift() ?? last) } as unknown as EdgeCalls;
  const answer = exportOf(edge, eventFilterSchema.parse({}), format, new AbortController().signal);
  let text = '';
  try {
    for await (const bytes of answer.body!) text += Buffer.from(bytes).toString();
    return { text, error: undefined };
  } catch (error) {
    return { text, error };
  }
}

it('ends in order when everything that is stored is in it', async () => {
  const { text, error } = await received(whole, 'ndjson');
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq),
  ).toEqual([1, 2]);
  expect(error).toBeUndefined();
});

it.each([
  ['ndjson', '{"notWhole":"events from cursor c on, as host redis-c does not answer"}'],
  ['csv', '"NOT WHOLE: events from cursor c on, as host redis-c does not answer"'],
] as const)(
  'breaks off where a host does not answer, after a last line that says so: %s',
  async (format, line) => {
    const { text, error } = await received(waiting, format);
    expect(text).toContain('e1');
    expect(text.trim().split(/\r?\n/).at(-1)).toBe(line);
    expect(String(error)).toMatch(/not whole: .*redis-c does not answer/);
  },
);

it('breaks off where the edge gives nothing, again and again', async () => {
  const { text, error } = await received({ events: [], next: 'c', atHead: false }, 'ndjson');
  expect(text).toContain('{"notWhole":"events from cursor c on, as the edge gave none in many tries"}');
  expect(error).toBeInstanceOf(Error);
});
