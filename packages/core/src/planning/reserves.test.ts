import { expect, it } from 'vitest';
import { type ClusterState, clusterStateSchema } from './cluster-state.ts';
import { compileState } from './compile-state.ts';
import { plan } from './plan.ts';
import { policySchema } from './policy.ts';
import { documentOf } from './recommendation.ts';
import { type StreamSurge, withReserves } from './reserves.ts';

const NOW = '2026-11-25T12:00:00.000Z';
const NOW_MS = Date.parse(NOW);
const MINUTE_MS = 60_000;

function cluster(): ClusterState {
  const edge = (i: number) => (i === 16 ? `1${'0'.repeat(16)}` : i.toString(16).padEnd(16, '0'));
  return clusterStateSchema.parse({
    version: 1,
    now: NOW,
    hosts: [0, 1].map((id) => ({ id: `h${id}`, capacity: { eventsPerSecond: 1_000 } })),
    // the first eight on one host
    shardlets: Array.from({ length: 16 }, (_, i) => ({
      ...{ id: `s${i}`, host: i < 8 ? 'h0' : 'h1', range: [edge(i), edge(i + 1)] },
      load: { eventsPerSecond: i < 8 ? 70 : 20 },
      bytes: 1_000_000,
    })),
  });
}

function surge(changes: Partial<StreamSurge> = {}): StreamSurge {
  return {
    ...{ id: 1, stream: 'main', type: 'sold-out', source: [0.5, 0.5625], target: [2 / 16, 4 / 16] },
    announcedAtMs: NOW_MS,
    expectedAtMs: NOW_MS + 20 * MINUTE_MS,
    endsAtMs: NOW_MS + 30 * MINUTE_MS,
    ...{ cameAtMs: null, probability: 0.8, eventsPerSecond: 700, minutes: 30 },
    ...{ hits: 20, causes: 30, byChance: 1 },
    ...changes,
  };
}

const policyOf = (reserve: number) => policySchema.parse({ anticipation: { reserve } });

function planned(reserve: number, ...surges: StreamSurge[]) {
  const policy = policyOf(reserve);
  const state = withReserves(cluster(), surges, policy);
  return documentOf(plan(compileState(state, policy), policy, NOW_MS), policy);
}

it('keeps no room when the policy says so, and plans as before', () => {
  expect(withReserves(cluster(), [surge()], policyOf(0))).toEqual(cluster());
  expect(planned(0, surge())).toEqual(planned(0));
  expect(planned(0.5).recommendations).toEqual([]);
});

it('moves ahead of an announced burst, and names what announces it and when', () => {
  const { recommendations } = planned(0.5, surge());
  expect(recommendations.length).toBeGreaterThan(0);
  expect(recommendations[0]!.reason).toContain(
    'keeps room for a burst that "sold-out" in keys 0.500 to 0.563 announces for 2026-11-25T12:20:00.000Z, with a probability of 80 %, until 2026-11-25T12:30:00.000Z',
  );
  expect(recommendations.every(({ expiresAt }) => expiresAt <= '2026-11-25T12:30:00.000Z')).toBe(true);
});

it('divides the load by ranges, of the right stream alone', () => {
  const { shardlets } = withReserves(cluster(), [surge()], policyOf(1));
  const loads = shardlets.flatMap(({ id, announced }) =>
    announced === undefined ? [] : [[id, announced.eventsPerSecond]],
  );
  expect(loads).toEqual([
    ['s2', 350],
    ['s3', 350],
  ]);
  expect(withReserves(cluster(), [surge({ stream: 'other' })], policyOf(1))).toEqual(cluster());
});

it('ends by its time alone, whoever is there to say so', () => {
  expect(withReserves(cluster(), [surge({ endsAtMs: NOW_MS })], policyOf(1))).toEqual(cluster());
  // a state that was written while it held
  const policy = policyOf(1);
  const state = withReserves(cluster(), [surge()], policy);
  const later = { ...state, now: '2026-11-25T12:30:00.000Z' };
  expect(compileState(later, policy).announced).toBeUndefined();
  expect(compileState(later, policy).shardlets.demand).toEqual(
    compileState({ ...cluster(), now: later.now }, policy).shardlets.demand,
  );
});

it('keeps room for what is likely and large, and for anything at 1', () => {
  const keeps = (reserve: number, changes: Partial<StreamSurge>) =>
    withReserves(cluster(), [surge(changes)], policyOf(reserve)).shardlets.some(
      ({ announced }) => announced !== undefined,
    );
  expect(keeps(0.5, {})).toBe(true);
  expect(keeps(0.5, { probability: 0.02 })).toBe(false);
  expect(keeps(1, { probability: 0.02 })).toBe(true);
  expect(keeps(0.5, { eventsPerSecond: 100 })).toBe(false);
  expect(keeps(0.1, { probability: 0.1 })).toBe(false);
});

it('leaves the repair of a dead host as sure as it is', () => {
  const policy = policyOf(1);
  const state = withReserves(cluster(), [surge()], policy);
  const dead = {
    ...state,
    hosts: state.hosts.map((host) => (host.id === 'h0' ? { ...host, state: 'dead' as const } : host)),
  };
  const { recommendations } = documentOf(plan(compileState(dead, policy), policy, NOW_MS), policy);
  const repairs = recommendations.filter(({ phase }) => phase === 'repair-dead-hosts');
  expect(repairs.length).toBeGreaterThan(0);
  for (const { reason, confidence } of repairs) {
    expect(reason).not.toContain('keeps room');
    expect(confidence).toBe(1);
  }
});
