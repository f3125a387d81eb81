import { expect, it } from 'vitest';
import { seededRandom } from '../../kernel/index.ts';
import { keysInOrder } from './keys-in-order.ts';

it('spreads keys that are hot for long or in a burst, and nothing else', () => {
  const random = seededRandom(3);
  const keys = new Int32Array(60_000).map((_, i) => {
    if (i % 10 === 0) return 1;
    // another key has half of two hundred operations, now and then
    if (i % 5_000 < 200 && i % 2 === 0) return 2 + Math.floor(i / 5_000);
    return 100 + Math.floor(random.next() * 20_000);
  });
  const { hash, fastLane, chance, keysSplit } = keysInOrder(keys, {
    hosts: 16,
    seed: 1,
    windowOperations: 1_000,
  });
  expect(hash).toBeGreaterThan(2);
  expect(fastLane).toBeLessThan(chance + (hash - chance) / 3);
  expect(keysSplit).toBeGreaterThanOrEqual(12);
  expect(keysSplit).toBeLessThan(40);
});

it('leaves an even load alone', () => {
  const keys = new Int32Array(20_000).map((_, i) => i % 5_000);
  expect(keysInOrder(keys, { hosts: 8, seed: 1, windowOperations: 5_000 }).keysSplit).toBe(0);
});
