import { type DemoWorld, demoWorld, NO_DEMO } from '@foreshard/core/demo';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DemoMoment, planDemo } from './demo-plan.ts';
import { Foresight, type Quantiles } from './foresight.ts';

const { clock } = NO_DEMO;
const HOST_PER_SECOND = 200;
const HOSTS = [1, 2, 3, 4].map((id) => ({ id, name: `host-${id}`, zone: 'default' }));

let world: DemoWorld;
let foresight: Foresight;
beforeAll(async () => {
  world = demoWorld({ ...clock, seed: 7, hosts: 4, busyHost: 0, hostPerSecond: HOST_PER_SECOND });
  foresight = new Foresight(world.history);
  await foresight.learn(new AbortController().signal);
}, 60_000);

const measuredUntil = (second: number) =>
  world.history.map((_, i) => world.morning.slice(0, second + 1).map((events) => events[i]!));

function momentAt(second: number, ahead?: readonly Quantiles[]): DemoMoment {
  const shardlets = world.history.map((_, i) => ({
    ...{ id: i + 1, shard: i, host: HOSTS[i % 4]!.id, askedPerSecond: world.morning[second]![i]! },
    forecast: ahead?.[i],
  }));
  return { second, clock, hosts: HOSTS, hostPerSecond: HOST_PER_SECOND, shardlets };
}

describe('with the forecast', () => {
  it('moves are planned off the busy host long before the rush, which begins in the twelfth second', async () => {
    const ahead = await foresight.ahead(measuredUntil(3));
    const plan = planDemo(momentAt(3, ahead))!;
    expect(plan.headline).toMatch(/host-1 from \d{2,3} % to \d\d % before 08:0\d/);
    expect(new Set(plan.moves.map(({ from }) => from))).toEqual(new Set([1]));
    expect(plan.moves.every(({ to }) => to !== 1)).toBe(true);
  });

  it('the rush of the busy host is foreseen, with a band that rises around it', async () => {
    const [first] = await foresight.ahead(measuredUntil(0));
    const atPeak = 14;
    const share = (level: 0.1 | 0.5 | 0.9) => first![level][atPeak]! / HOST_PER_SECOND;
    expect(share(0.5)).toBeGreaterThan(0.25);
    expect(share(0.5)).toBeLessThan(0.45);
    expect(share(0.1)).toBeLessThan(share(0.5));
    expect(share(0.9)).toBeGreaterThan(share(0.5));
  });
});

describe('by measured load alone', () => {
  it('nothing is planned in the same second', () => {
    expect(planDemo(momentAt(3))).toBeUndefined();
  });

  it('moves are planned once the rush is there', () => {
    expect(planDemo(momentAt(13))!.moves[0]).toMatchObject({ from: 1 });
  });
});

it('what moves already is left where it is', () => {
  const busy = momentAt(14);
  const first = planDemo(busy)!.moves.map(({ shardlet }) => shardlet);
  const shardlets = busy.shardlets.map((one) => (first.includes(one.id) ? { ...one, movingTo: 2 } : one));
  const again = planDemo({ ...busy, shardlets })?.moves ?? [];
  expect(again.filter(({ shardlet }) => first.includes(shardlet))).toEqual([]);
});
