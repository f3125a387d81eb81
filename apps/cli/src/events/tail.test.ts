import type { Page } from '@foreshard/client/source';
import { expect, it } from 'vitest';
import { follow } from './tail.ts';

const PLACE = { stream: 'main', shard: 0, shardlet: 13, ts: 1 };
const EVENT = { specversion: '1.0', id: 'a', source: '/s', type: 't' } as const;

/** What is printed and noted, in order. */
async function followed(pages: readonly Page[]): Promise<string[]> {
  const output: string[] = [];
  const reader = {
    async *pages() {
      yield* pages;
    },
  };
  const show = async (events: Page['events']) => {
    output.push(...events.map(({ shardlet, seq }) => `${shardlet}/${seq}`));
    return true;
  };
  const note = (text: string) => output.push(text);
  await follow(
    reader,
    { stream: 'main', from: 'oldest' },
    { show, note, signal: new AbortController().signal },
  );
  return output;
}

it('names the shardlet and the first number that its host lost, before the events that follow', async () => {
  const output = await followed([
    { events: [{ ...PLACE, seq: 41, event: EVENT }], next: 'b', atHead: true },
    {
      events: [{ ...PLACE, seq: 41, event: EVENT }],
      next: 'c',
      atHead: true,
      lost: [
        { stream: 'main', shardlet: 13, seq: 40 },
        { stream: 'main', shardlet: 14, seq: 0 },
      ],
    },
    { events: [], next: 'c', atHead: true },
  ]);
  expect(output).toEqual([
    '13/41',
    expect.stringContaining('shardlet 13: its host lost events from seq 41 on'),
    expect.stringContaining('shardlet 14: its host lost events from seq 1 on'),
    '13/41',
  ]);
});

it('tells of the same shardlet again when it lost events again', async () => {
  const page = { events: [], next: 'b', atHead: true, lost: [{ stream: 'main', shardlet: 13, seq: 40 }] };
  expect(await followed([page, page])).toHaveLength(2);
});

it('names what retention removed before it was read', async () => {
  const page = { events: [], next: 'b', atHead: true, trimmed: [{ shardlet: 13, firstSeq: 500 }] };
  expect(await followed([page])).toEqual([
    'shardlet 13: retention removed events before seq 500 before they were read',
  ]);
});
