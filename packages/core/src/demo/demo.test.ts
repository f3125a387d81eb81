import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import type { Host, Shardlet, Stream } from '../topology/index.ts';
import type { DemoResult, DemoRun } from './demo-status.ts';
import { demoTime, NO_DEMO } from './demo-status.ts';
import { DEMO_STREAM } from './demo-stream.ts';
import { type DemoFacts, obstacleToDemo } from './obstacles.ts';
import { runningOrder } from './running-order.ts';
import { summaryOf } from './summary.ts';
import { demoWorld, SHARDLETS_A_HOST, type WorldOptions } from './world.ts';

const WORLD: WorldOptions = {
  ...{ seed: 7, hosts: 4, busyHost: 0, hostPerSecond: 100, startMinute: 420, runSeconds: 19 },
};

describe('the made-up morning', () => {
  it('follows from its seed, to the event', () => {
    expect(demoWorld(WORLD)).toEqual(demoWorld(WORLD));
    expect(demoWorld({ ...WORLD, seed: 8 }).morning).not.toEqual(demoWorld(WORLD).morning);
  });

  it('asks more of one host than it takes, less than 80 % of all others, and less than all together take', () => {
    const last = demoWorld(WORLD).morning.at(-1)!;
    const asked = [0, 1, 2, 3].map((host) =>
      last.reduce((sum, events, shardlet) => (shardlet % 4 === host ? sum + events : sum), 0),
    );
    expect(asked[0]).toBeGreaterThan(120);
    expect(Math.max(...asked.slice(1))).toBeLessThan(40);
    expect(asked.reduce((sum, one) => sum + one)).toBeLessThan(0.8 * 400);
  });

  it('begins quiet on every host, and its history has had the rush on every day', () => {
    const { morning, history } = demoWorld(WORLD);
    const first = morning[0]!.filter((_, shardlet) => shardlet % 4 === 0);
    expect(first.length).toBe(SHARDLETS_A_HOST);
    expect(first.reduce((sum, one) => sum + one)).toBeLessThan(40);
    const atNine = [0, 1, 2, 3, 4, 5, 6].map((day) => history[0]![day * 288 + 108]!);
    expect(Math.min(...atNine)).toBeGreaterThan(25);
    expect(history[0]!.length).toBe(7 * 288 + 84);
  });
});

it('says the time of the made-up day', () => {
  expect(demoTime(NO_DEMO.clock, 12)).toBe('08:00');
  expect(demoTime({ startMinute: 23 * 60 + 55, minutesPerSecond: 5, runSeconds: 2 }, 1.5)).toBe('00:02');
});

it('gives each arm one run of each pair, and a coin decides which is first', () => {
  const orders = Array.from({ length: 20 }, (_, seed) => runningOrder(seededRandom(seed)));
  for (const order of orders)
    for (const at of [0, 2, 4]) expect(order.slice(at, at + 2).toSorted()).toEqual(['with', 'without']);
  expect(new Set(orders.map((order) => order[0])).size).toBe(2);
});

describe('the summary', () => {
  const run = (arm: DemoRun['arm'], refused: number) => {
    const result = { sent: 1_000, late: 0, p50: 5, p99: 20, overloadSeconds: 0, moves: 1 };
    return { arm, result: { ...result, refused } satisfies DemoResult };
  };

  it('says what was refused, with its spread', () => {
    const summary = summaryOf([run('with', 0), run('without', 180), run('with', 0), run('without', 260)])!;
    expect(summary.verdict).toBe('better');
    expect(summary.headline).toBe('0 events refused with the forecast, 220 (180 to 260) without it');
  });

  it('claims nothing where the runs of both arms overlap', () => {
    const summary = summaryOf([run('with', 30), run('without', 40), run('with', 0), run('without', 20)])!;
    expect(summary.verdict).toBe('within the spread');
    expect(summary.headline).toContain('no more than the runs differ among themselves');
  });

  it('says when the forecast did harm', () => {
    expect(summaryOf([run('with', 9), run('without', 3)])!.headline).toContain('here the forecast did harm');
  });

  it('is none while an arm has no run', () => {
    expect(summaryOf([run('with', 0)])).toBeUndefined();
    expect(summaryOf([run('with', 0), { arm: 'without', result: null }])).toBeUndefined();
  });
});

describe('a cluster on which no demo runs', () => {
  const host = (id: number, url = `redis://:secret@127.0.0.1:${6_000 + id}`) =>
    ({ id, name: `host-${id}`, url, state: 'active' }) as Host;
  const shardlet = (id: number, stream: number, kind = 'open') =>
    ({ id, stream, state: { kind } }) as Shardlet;
  const main = { id: 1, name: 'main' } as Stream;
  const quiet: DemoFacts = {
    topology: { hosts: [host(1), host(2), host(3)], streams: [main], shardlets: [shardlet(1, 1)] },
    movesPaused: false,
    load: { seconds: 120, events: new Map([[1, 20]]), edges: 1 },
  };
  const withTopology = (change: Partial<DemoFacts['topology']>): DemoFacts => ({
    ...quiet,
    topology: { ...quiet.topology, ...change },
  });

  it('is none that is quiet, small and on this machine', () => {
    expect(obstacleToDemo(quiet)).toBeUndefined();
    expect(
      obstacleToDemo(withTopology({ hosts: [host(1), host(2), host(3, 'postgresql://u:p@localhost:1/d')] })),
    ).toBeUndefined();
  });

  it('has a host elsewhere, too few or too many hosts, or one that is not active', () => {
    const far = [host(1), host(2), host(3, 'redis://:p@10.0.0.7:6379')];
    expect(obstacleToDemo(withTopology({ hosts: far }))).toContain('host-3 is not');
    expect(
      obstacleToDemo(withTopology({ hosts: [host(1), host(2), host(3, 'redis://127.0.0.1.example.com:1')] })),
    ).toContain('host-3 is not');
    expect(obstacleToDemo(withTopology({ hosts: [host(1), host(2)] }))).toContain('this cluster has 2');
    const draining = { ...host(3), state: 'draining' } as Host;
    expect(obstacleToDemo(withTopology({ hosts: [host(1), host(2), draining] }))).toContain(
      'host-3 is draining',
    );
  });

  it('has load of others, and says how much and when it can run', () => {
    const load = { ...quiet.load, events: new Map([[1, 120 * 50]]) };
    expect(obstacleToDemo({ ...quiet, load })).toMatch(
      /took 50 events\/s within the last 2 minutes.*2 minutes after/,
    );
    // of a stream that is gone
    expect(
      obstacleToDemo({ ...quiet, load: { ...load, events: new Map([[99, 120 * 50]]) } }),
    ).toBeUndefined();
  });

  it('moves something, has its moves paused, has several edges or none, or what a demo left', () => {
    expect(obstacleToDemo(withTopology({ shardlets: [shardlet(1, 1, 'moving')] }))).toContain('being moved');
    expect(obstacleToDemo({ ...quiet, movesPaused: true })).toContain('moves are paused');
    expect(obstacleToDemo({ ...quiet, load: { ...quiet.load, edges: 2 } })).toContain('2 were seen');
    expect(obstacleToDemo({ ...quiet, load: { ...quiet.load, edges: 0 } })).toContain('0 were seen');
    const left = { id: 2, name: DEMO_STREAM } as Stream;
    expect(obstacleToDemo(withTopology({ streams: [main, left] }))).toContain('cleans up');
  });
});
