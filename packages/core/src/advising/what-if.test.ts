import { describe, expect, test } from 'vitest';
import { ForeshardError } from '../kernel/index.ts';
import { type ClusterState, clusterStateSchema, policySchema } from '../planning/index.ts';
import { type WhatIfChange, whatIf } from './what-if.ts';

const policy = policySchema.parse({ shardlet: { cooldown: 0, host_share_max: 1 } });

/** Three hosts that take 100 events a second each, at 60, 30 and 0. */
const state: ClusterState = clusterStateSchema.parse({
  version: 1,
  now: '2026-11-02T17:00:00Z',
  topologyVersion: 7,
  hosts: ['1', '2', '3'].map((id) => ({ id, capacity: { eventsPerSecond: 100 } })),
  shardlets: [
    { id: '10', host: '1', load: { eventsPerSecond: 40 }, stream: 'main', bytes: 1_000 },
    { id: '11', host: '1', load: { eventsPerSecond: 20, memoryBytes: 5 }, stream: 'other' },
    {
      id: '12',
      host: '2',
      load: { eventsPerSecond: 30 },
      forecast: [{ aheadMinutes: 30, quantiles: { '0.5': 40, '0.9': 50 } }],
    },
  ],
});

const asked = (...changes: WhatIfChange[]) => whatIf(state, policy, { changes });
const of = (answer: ReturnType<typeof asked>, host: string) => answer.hosts.find((one) => one.host === host)!;

describe('what if', () => {
  test('nothing is supposed that matters: all three pictures are the cluster as it is', () => {
    const answer = asked({ kind: 'policy', policy: { host: { imbalance_floor: 1 } } });
    expect(of(answer, '1')).toEqual({
      host: '1',
      now: { pressure: 0.6, eventsPerSecond: 60, shardlets: 2 },
      changed: { pressure: 0.6, eventsPerSecond: 60, shardlets: 2 },
      planned: { pressure: 0.6, eventsPerSecond: 60, shardlets: 2 },
      isLost: false,
    });
    expect(of(answer, '2').now!.pressure).toBe(0.5);
  });

  test('a shardlet moves: its load counts at the destination', () => {
    const answer = asked({ kind: 'move', shardlet: '10', to: '3' });
    expect(of(answer, '1').changed).toMatchObject({ eventsPerSecond: 20, shardlets: 1 });
    expect(of(answer, '3').changed).toMatchObject({ eventsPerSecond: 40, shardlets: 1 });
    expect(of(answer, '3').now).toMatchObject({ eventsPerSecond: 0 });
  });

  test('a shardlet is split: both parts stay, neither has more than half', () => {
    const answer = asked({ kind: 'split', shardlet: '10' });
    expect(of(answer, '1').changed).toMatchObject({ eventsPerSecond: 60, shardlets: 3 });
  });

  test('a host is lost: what the limit of moves holds back is said to wait for it', () => {
    const few = policySchema.parse({ ...policy, host: { moves_max: 1 } });
    const shardlets = Array.from({ length: 6 }, (_, i) => ({
      ...{ id: String(20 + i), host: '1', load: { eventsPerSecond: 5 } },
    }));
    const crowded = clusterStateSchema.parse({ ...state, shardlets });
    const answer = whatIf(crowded, few, { changes: [{ kind: 'lose-host', host: '1' }] });
    const left = of(answer, '1').planned.shardlets;
    expect(left).toBeGreaterThan(0);
    const { 'destinations-busy': busy = 0, 'budget-moves': budget = 0 } = answer.plan.skipped;
    expect(busy + budget).toBe(left);
  });

  test('a host is lost: the planner gives its shardlets a place', () => {
    const answer = asked({ kind: 'lose-host', host: '1' });
    const moves = answer.plan.recommendations.filter(({ phase }) => phase === 'repair-dead-hosts');
    expect(moves.map(({ shardlets }) => shardlets[0]).sort()).toEqual(['10', '11']);
    expect(of(answer, '1').planned).toMatchObject({ eventsPerSecond: 0, shardlets: 0 });
  });

  test('a host that is lost and drained, in whatever order, is lost', () => {
    const [lose, drain] = [
      { kind: 'lose-host', host: '1' },
      { kind: 'drain-host', host: '1' },
    ] as const;
    expect(of(asked(lose, drain), '1').isLost).toBe(true);
    expect(of(asked(drain, lose), '1').isLost).toBe(true);
  });

  test('load grows where it is said, and forecasts with it', () => {
    const answer = asked({ kind: 'load', factor: 3, of: { stream: 'main' } });
    expect(of(answer, '1').changed!.eventsPerSecond).toBe(140);
    expect(of(answer, '2').changed!.pressure).toBe(1.5);
    expect(answer.plan.recommendations.length).toBeGreaterThan(0);
    expect(answer.plan.after.hottest).toBeLessThan(answer.plan.before.hottest);
  });

  test('what is stored already does not grow with the load', () => {
    const full = { ...state, hosts: state.hosts.map((host) => ({ ...host, capacity: { memoryBytes: 10 } })) };
    const { hosts } = whatIf(full, policy, { changes: [{ kind: 'load', factor: 3, of: {} }] });
    expect(hosts.find(({ host }) => host === '1')!.changed.pressure).toBe(0.5);
  });

  test('hosts are added: they are as large as the largest, and take load', () => {
    const answer = asked({ kind: 'load', factor: 2.5, of: {} }, { kind: 'add-hosts', count: 2 });
    expect(of(answer, 'new-1').now).toBeNull();
    expect(answer.plan.recommendations.map(({ destination }) => destination)).toContain('new-1');
    expect(answer.hostCount).toBe(5);
  });

  test('another policy: it is what is planned by', () => {
    const calm = asked({ kind: 'policy', policy: { host: { fullness: 0.99, imbalance_floor: 1 } } });
    const strict = asked({ kind: 'policy', policy: { host: { fullness: 0.3, hysteresis: 0 } } });
    expect(calm.plan.recommendations).toEqual([]);
    expect(strict.plan.recommendations.length).toBeGreaterThan(0);
  });

  test.each<[WhatIfChange, string]>([
    [{ kind: 'move', shardlet: '99', to: '3' }, '/changes/0/shardlet'],
    [{ kind: 'move', shardlet: '10', to: '9' }, '/changes/0/to'],
    [{ kind: 'lose-host', host: '9' }, '/changes/0/host'],
    [{ kind: 'load', factor: 2, of: { stream: 'nowhere' } }, '/changes/0/of'],
    [{ kind: 'policy', policy: { host: { fullness: 7 } } }, '/changes/0/policy/host/fullness'],
    [{ kind: 'policy', policy: { fulness: 1 } }, '/changes/0/policy'],
  ])('names what is not there: %j', (change, pointer) => {
    try {
      asked(change);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ForeshardError);
      expect((error as ForeshardError).pointer).toBe(pointer);
    }
  });
});
