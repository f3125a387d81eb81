import { expect, test } from 'vitest';
import { MemoryBlockStore } from '../adapters/telemetry/index.ts';
import type { BlockKey } from './block-store.ts';
import { RETENTION_DEFAULT } from './levels.ts';
import { openFlush, packFlush } from './load-flush.ts';
import { MinuteRollUp } from './minute-roll-up.ts';
import { flushAt, T0_MS } from './recording.fixture.ts';

test('of a stream that is deleted between its flush and the writing nothing is written, and the others are', async () => {
  const streams = new Map([
    [1, 10],
    [2, 20],
  ]);
  const rollUp = new MinuteRollUp((shardlet) => streams.get(shardlet), T0_MS, RETENTION_DEFAULT.minute);
  const flush = flushAt(T0_MS, (counters) => {
    for (const shardlet of [1, 2]) counters.stored(shardlet, 5, 100, undefined);
  });
  rollUp.add(openFlush(packFlush(flush)));
  streams.delete(1);
  const written = new Set<number>();
  await new MemoryBlockStore().exclusively('load', async (tx) => {
    const put = (key: BlockKey, bytes: Uint8Array): Promise<void> => {
      written.add(key.stream);
      return tx.put(key, bytes);
    };
    const watched = Object.assign(Object.create(tx), { put });
    expect(await rollUp.write(watched, T0_MS, [20])).toBe(1);
  });
  expect([...written].sort()).toEqual([0, 20]);
});
