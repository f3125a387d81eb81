import { expect, test } from 'vitest';
import { MemoryTopologyStore } from '../adapters/memory/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { changesBetween } from './history.ts';

const T0_MS = 1_760_000_000_000;

/** One decision a second: version n at T0 + n seconds. */
async function storeOf(decisions: number) {
  const clock = new ManualClock(T0_MS * 1_000);
  const store = new MemoryTopologyStore(clock);
  for (let n = 1; n <= decisions; n++) {
    clock.advance(1_000_000);
    await store.decide(
      { name: `d${n}`, needs: {}, rule: () => ({ kind: 'accept', puts: {}, result: n }) },
      'test',
    );
  }
  return store;
}

const versions = async (store: MemoryTopologyStore, now: number, from: number, to: number, limit = 100) => {
  const window = { fromMs: T0_MS + from * 1_000, toMs: T0_MS + to * 1_000, limit };
  const { changes, isWhole } = await changesBetween(store, now, window);
  return [changes.map((change) => change.version), isWhole];
};

test('answers the decisions of a time, from inclusive, to exclusive', async () => {
  const store = await storeOf(40);
  expect(await versions(store, 40, 7, 10)).toEqual([[7, 8, 9], true]);
  expect(await versions(store, 40, 39, 1_000)).toEqual([[39, 40], true]);
  expect(await versions(store, 40, 0, 3)).toEqual([[1, 2], true]);
  expect(await versions(store, 40, 41, 50)).toEqual([[], true]);
});

test('says when there are more than asked for', async () => {
  expect(await versions(await storeOf(40), 40, 7, 30, 3)).toEqual([[7, 8, 9], false]);
});

test('an empty log has no decisions', async () => {
  const store = new MemoryTopologyStore(new ManualClock(0));
  expect(await versions(store, 0, 0, 10)).toEqual([[], true]);
});
