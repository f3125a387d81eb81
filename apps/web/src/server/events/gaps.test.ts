import { expect, it } from 'vitest';
import type { EdgeCalls } from '../edge/edge-client.ts';
import { eventPageSchema } from './event-query.ts';
import { findEvents } from './read-events.ts';
import { tail } from './tail.ts';

const LOST = { events: [], next: 'b', atHead: false, lost: [{ stream: 'main', shardlet: 13, seq: 40 }] };
const TRIMMED = { events: [], next: 'c', atHead: true, trimmed: [{ shardlet: 14, firstSeq: 500 }] };
const GAPS = [
  { kind: 'lost', shardlet: 13, seq: 41 },
  { kind: 'trimmed', shardlet: 14, seq: 500 },
];

function edgeWith(pages: readonly object[]): EdgeCalls {
  const left = [...pages];
  return { get: async () => JSON.stringify(left.shift()) } as unknown as EdgeCalls;
}

it('a page has the gaps of every page of the edge that it looked through', async () => {
  const found = await findEvents(edgeWith([LOST, TRIMMED]), eventPageSchema.parse({ cursor: 'a' }));
  expect(found.gaps).toEqual(GAPS);
});

it('the live tail has them with the batch they came with', async () => {
  const ending = new AbortController();
  const batches = [];
  for await (const batch of tail(edgeWith([LOST, TRIMMED]), eventPageSchema.parse({}), ending.signal)) {
    batches.push(batch.gaps);
    if (batches.length === 2) ending.abort();
  }
  expect(batches).toEqual([GAPS.slice(0, 1), GAPS.slice(1)]);
});
