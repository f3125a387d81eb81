import { expect, it } from 'vitest';
import { COSTS } from './cost-model.ts';
import { CountedRows } from './counted-rows.ts';
import type { Foresight } from './foresight.ts';
import { PlannerPlayer, SHIPPED } from './planner-player.ts';
import { workloadOf } from './workload.ts';
import { World } from './world.ts';

const PAST = 1_440;
const HEAVY = 300;
const MODEL = { ...COSTS, hosts: 2, hostsMax: 2, capacity: 1_000 };

/** Two heavy keys, and nothing else. */
function twoKeys() {
  const rows = new CountedRows();
  for (let minute = 0; minute < PAST + 10; minute++) for (const key of [0, 1]) rows.add(minute, key, HEAVY);
  return workloadOf(rows, { name: 'two keys', keyCount: 2, testFrom: PAST, minutes: 10 });
}

/** Nothing changes, as far as is known; so unsure is the total. */
function steady(commonDoubt: number): Foresight {
  return {
    at: (_minute, _shares, steps) => ({
      middle: Array.from({ length: steps }, () => Float64Array.of(HEAVY, HEAVY)),
      doubt: Array.from({ length: steps }, () => new Float64Array(2)),
      commonDoubt: new Float64Array(steps).fill(commonDoubt),
    }),
  };
}

function ordersWith(commonDoubt: number) {
  const workload = twoKeys();
  const world = Array.from({ length: 20 }, (_, seed) => new World(workload, MODEL, seed, 480)).find(
    ({ hostLoad }) => hostLoad[0] === 2 * HEAVY,
  )!;
  return new PlannerPlayer('predictive', SHIPPED, MODEL, steady(commonDoubt), workload).decide(world, 0);
}

it('parts two heavy keys of one host while it is quiet, where the total may surge', () => {
  expect(ordersWith(0)).toEqual([]);
  expect(ordersWith(0.4)).toEqual([expect.objectContaining({ kind: 'move', to: 1 })]);
});
