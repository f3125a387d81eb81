import { usualShare } from '@foreshard/core/checkpointing';
import { expect, it } from 'vitest';
import { TrustBook } from './trust-book.ts';

const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');

/** Two shardlets: the load of the first is foreseen, that of the second is not. */
const came = (id: number, atMs: number) => 1_000 + 900 * Math.sin((id * atMs) / HOUR_MS);
const foreseenOf = (id: number, atMs: number) => came(id, id === 1 ? atMs : atMs + HOUR_MS);

function book() {
  const asked: [number, number][] = [];
  const clock = { nowMs: NOW };
  const trust = new TrustBook({
    async foreseen(_, fromMs, toMs) {
      asked.push([fromMs, toMs]);
      const steps = Array.from({ length: (toMs - fromMs) / STEP_MS }, (__, i) => fromMs + i * STEP_MS);
      // one was never made
      return steps
        .filter((atMs) => atMs % (7 * STEP_MS) !== 0)
        .map((atMs) => ({ atMs, loads: new Map([1, 2].map((id) => [id, foreseenOf(id, atMs)])) }));
    },
    async loads(_, toMs, spanMs) {
      const steps = Array.from({ length: spanMs / STEP_MS }, (__, i) => toMs - spanMs + i * STEP_MS);
      return [1, 2, 3].map((id) => ({
        ...{ id, width: 0 },
        // one was never told
        loads: Float64Array.from(steps, (ms) => (ms % (5 * STEP_MS) === 0 ? Number.NaN : came(id, ms))),
      }));
    },
    nowMs: () => clock.nowMs,
  });
  return { trust, asked, clock };
}

it('knows after a start which forecasts held in the last day, and which did not', async () => {
  const { trust, asked } = book();
  const found = await trust.of(1);
  expect(usualShare(found.get(1)!)).toBeLessThan(0.001);
  expect(usualShare(found.get(2)!)).toBeGreaterThan(0.5);
  expect(found.get(2)!.steps).toBeGreaterThan(150);
  // it was not forecast
  expect(found.get(3)!.steps).toBe(0);
  expect(asked).toHaveLength(24);
  expect(asked[0]![0]).toBe(NOW - STEP_MS - 24 * HOUR_MS);
  expect(asked.at(-1)![1]).toBe(NOW - STEP_MS);
});

it('learns each step once, when what came of it has been told', async () => {
  const { trust, asked, clock } = book();
  const before = (await trust.of(1)).get(1)!.steps;
  asked.length = 0;
  clock.nowMs += 119_000;
  await trust.of(1);
  expect(asked).toEqual([]);
  clock.nowMs += 1_000;
  expect((await trust.of(1)).get(1)!.steps - before).toBeLessThanOrEqual(1);
  expect(asked).toEqual([[NOW - STEP_MS, NOW]]);
  await trust.of(1);
  expect(asked).toHaveLength(1);
});
