import { expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { HotKeyWatch } from './hot-key-watch.ts';

const LIMIT = 1_000;
const HOT = -1;

/** Operations at `rate` a second, of which the part `share` is of one key and the rest of 10,000 others. */
function watched(
  rate: number,
  share: number,
  operations: number,
): { after: number; rate: number } | undefined {
  const watch = new HotKeyWatch({ ratePerSecond: LIMIT });
  const random = seededRandom(5);
  for (let i = 1; i <= operations; i++) {
    const key = random.next() < share ? HOT : Math.floor(random.next() * 10_000);
    const found = watch.observe(key, 1, (1_000 * i) / rate);
    if (found !== undefined) {
      expect(key).toBe(HOT);
      return { after: i, rate: found };
    }
  }
  return undefined;
}

it('finds a hot key within a few hundred operations, and never tells too high a rate', () => {
  const found = watched(10_000, 0.4, 100_000)!;
  expect(found.after).toBeLessThan(800);
  expect(found.rate).toBeGreaterThan(LIMIT);
  expect(found.rate).toBeLessThan(4_000);
});

it('says nothing of a key below the limit, however busy the rest', () => {
  expect(watched(100_000, 0.008, 300_000)).toBeUndefined();
});

it('follows a heavy key in bounded memory, and forgets with the window', () => {
  const watch = new HotKeyWatch({ ratePerSecond: LIMIT, followed: 8, windowMs: 1_000 });
  let found = 0;
  for (let i = 0; i < 9_000; i++) {
    if (watch.observe(i % 3 === 0 ? HOT : i, 1, i / 6) !== undefined) found++;
  }
  // 2,000 a second of 6,000, seen less what the others take away; once in each window
  expect(found).toBe(2);
  expect(watch.observe(HOT, 50, 5_000)).toBeUndefined();
});
