import { expect, it } from 'vitest';
import type { MoveAction } from './action.ts';
import { clusterStateSchema } from './cluster-state.ts';
import { FROZEN, HOST_STATUS } from './columns.ts';
import { compileState } from './compile-state.ts';
import { PHASE_ORDER, Planner, plan, roomFor } from './plan.ts';
import { policySchema } from './policy.ts';
import { randomState } from './random-cluster.fixture.ts';
import { documentOf } from './recommendation.ts';
import { WorkingCluster, withRoom } from './working-cluster.ts';

const policy = policySchema.parse({ host: { zone_share_max: 0.7 } });
const seeds = Array.from({ length: 60 }, (_, i) => i + 1);

function planFor(seed: number) {
  const state = randomState(seed);
  const nowMs = Date.parse(state.now);
  const input = compileState(state, policy);
  return { input, nowMs, result: plan(input, policy, nowMs) };
}

it.each(seeds)(
  'keeps all load, obeys every hard constraint and never makes things worse (seed %i)',
  (seed) => {
    const { input, result, nowMs } = planFor(seed);
    const { cluster } = result;
    const before = new WorkingCluster(input);
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
    expect(sum(cluster.load)).toBeCloseTo(sum(before.load), 3);
    // what was summed up on the way is what the shardlets add up to
    for (let host = 0; host < cluster.hostCount; host++)
      expect(cluster.load[host * cluster.width]).toBeCloseTo(loadOf(cluster, host), 6);
    const moves = result.actions.filter((action): action is MoveAction => action.kind === 'move');
    for (const move of moves) {
      const { shardlets, hosts } = cluster.input;
      expect(hosts.status[move.to]).toBe(HOST_STATUS.active);
      expect(hosts.health[move.to]).toBeGreaterThanOrEqual(policy.host.health_threshold);
      expect(move.destinationPressureAfter).toBeLessThanOrEqual(policy.host.capacity_limit);
      expect(shardlets.flags[move.shardlet]! & FROZEN).toBe(0);
      if (shardlets.pin[move.shardlet]! >= 0)
        expect(cluster.allows(shardlets.pin[move.shardlet]!, move.to)).toBe(true);
      const back = move.shardlet < input.shardletCount && input.shardlets.cameFrom[move.shardlet] === move.to;
      if (back)
        expect(nowMs - input.shardlets.movedAtMs[move.shardlet]!).toBeGreaterThanOrEqual(
          policy.rest.settle_time * 60_000,
        );
      if (move.phase === 'rebalance') expect(move.gain).toBeGreaterThan(move.cost);
    }
    expect(cluster.input.hosts.moves.every((count) => count <= policy.host.moves_max)).toBe(true);
    expect(new Set(moves.map(({ shardlet }) => shardlet)).size).toBe(moves.length);
  },
);

function loadOf(cluster: WorkingCluster, host: number): number {
  const { demand } = cluster.input.shardlets;
  return Array.from(cluster.membersOf(host)).reduce((total, s) => total + demand[s * cluster.width]!, 0);
}

it('gives the same plan for the same input, and leaves the input as it was', () => {
  for (const seed of seeds.slice(0, 20)) {
    const state = randomState(seed);
    const input = compileState(state, policy);
    const twice = [1, 2].map(() => documentOf(plan(input, policy, Date.parse(state.now)), policy));
    expect(twice[0]).toEqual(twice[1]);
    expect(input).toEqual(compileState(state, policy));
  }
});

it('runs each phase alone', () => {
  const { input, nowMs } = planFor(3);
  for (const phase of PHASE_ORDER) {
    const { actions } = plan(input, policy, nowMs, [phase]);
    expect(actions.every((action) => action.phase === phase.name)).toBe(true);
  }
});

it('binds the revision to the proposal, the policy and the version of the topology', () => {
  const state = randomState(5);
  const revision = (version: number, wanted = policy) =>
    documentOf(
      plan(compileState({ ...state, topologyVersion: version }, wanted), wanted, Date.parse(state.now)),
      wanted,
    ).revision;
  expect(revision(1)).toBe(revision(1));
  expect(revision(1)).not.toBe(revision(2));
  expect(revision(1)).not.toBe(revision(1, { ...policy, aggressiveness: 1 }));
});

it('finds in a re-plan of what changed what a full plan finds', { timeout: 30_000 }, () => {
  for (const seed of seeds.slice(0, 15)) {
    const state = randomState(seed);
    const nowMs = Date.parse(state.now);
    const [a, b] = [1, 2].map(() => {
      const input = compileState(state, policy);
      const planner = new Planner(withRoom(input, 8 * roomFor(input, policy)), policy);
      // until nothing is left to do
      for (let tick = 0; tick < 6; tick++) {
        planner.plan(nowMs + tick * 86_400_000);
        planner.settled();
      }
      return planner;
    });
    if (state.shardlets.length === 0) continue;
    const at = nowMs + 30 * 86_400_000;
    // what still hurts without a change is a full plan's business, not a re-plan's
    if (a!.plan(at).actions.length > 0) continue;
    a!.observe(0, [450, 450, 1e6, 1e6]);
    b!.observe(0, [450, 450, 1e6, 1e6]);
    const kinds = (actions: readonly { kind: string }[]) =>
      actions.map(({ kind }) => kind).filter((kind) => kind !== 'remove-host');
    expect(kinds(b!.replan(at, [0]).actions)).toEqual(kinds(a!.plan(at).actions));
  }
});

it('is sure of what was measured where the forecast is too unsure to be used, and says so', () => {
  const state = clusterStateSchema.parse({
    version: 1,
    now: '2026-03-01T17:00:00Z',
    hosts: ['a', 'b'].map((id) => ({ id, capacity: { eventsPerSecond: 1_000 } })),
    shardlets: ['1', '2', '3'].map((id) => ({
      id,
      host: 'a',
      load: { eventsPerSecond: 320 },
      forecast: [{ aheadMinutes: 30, quantiles: { '0.5': 300, '0.9': 320 + 500 * (Number(id) % 2) } }],
    })),
  });
  const own = policySchema.parse({ shardlet: { host_share_max: 1 }, forecast: { error_max: 0.5 } });
  const made = documentOf(plan(compileState(state, own), own, Date.parse(state.now)), own);
  expect(made.recommendations).toHaveLength(1);
  const [move] = made.recommendations;
  expect(move).toMatchObject({ shardlets: ['1'], isReaction: true, confidence: 1 });
  expect(move!.gain!.low).toBe(move!.gain!.high);
});

it('gives a move that makes room its part of what is gained together, and an interval around that', () => {
  // as in the scenario makes-room-for-what-fits-nowhere
  const loads: Record<string, readonly number[]> = {
    a: [770, 410],
    b: [400, 110, 90],
    c: [300, 350],
    d: [300, 340],
  };
  const state = clusterStateSchema.parse({
    version: 1,
    now: '2026-03-01T17:00:00Z',
    hosts: Object.keys(loads).map((id) => ({ id, capacity: { eventsPerSecond: 1_000 } })),
    shardlets: Object.entries(loads).flatMap(([host, all]) =>
      all.map((eventsPerSecond, n) => ({
        id: `${host}${n}`,
        host,
        load: { eventsPerSecond },
        topKeyShare: host === 'a' ? 1 : 0,
        forecast: [{ aheadMinutes: 30, quantiles: { '0.5': eventsPerSecond * 0.9, '0.9': eventsPerSecond } }],
      })),
    ),
  });
  const own = policySchema.parse({
    host: { moves_max: 2, fullness: 0.85 },
    shardlet: { host_share_max: 1, rate_cap: 1_000, merge_below: 0 },
  });
  const { actions } = plan(compileState(state, own), own, Date.parse(state.now));
  const moves = actions.filter((action): action is MoveAction => action.kind === 'move');
  expect(moves.map(({ phase }) => phase)).toEqual(['make-room']);
  const [{ gain, gainLow, gainHigh, cost }] = moves as [MoveAction];
  expect(gainLow).toBeGreaterThan(cost);
  expect(gainLow).toBeLessThan(gain);
  expect(gainHigh).toBeGreaterThan(gain);
});

it('tells the stream and the shard of what it proposes, also of what a split has made', () => {
  const state = clusterStateSchema.parse({
    version: 1,
    now: '2026-03-01T17:00:00Z',
    hosts: ['a', 'b', 'c'].map((id) => ({ id, capacity: { eventsPerSecond: 1_000 } })),
    shardlets: [
      { id: '1', host: 'a', stream: 'orders', shard: 7, load: { eventsPerSecond: 950 } },
      { id: '2', host: 'b', stream: 'main', shard: 1, load: { eventsPerSecond: 10 } },
    ],
  });
  const { recommendations } = documentOf(
    plan(compileState(state, policy), policy, Date.parse(state.now)),
    policy,
  );
  const moved = recommendations.filter(({ action, shardlets }) => action === 'move' && shardlets[0] !== '1');
  expect(moved.length).toBeGreaterThan(0);
  for (const { area } of recommendations) expect(area).toEqual({ stream: 'orders', shard: 7 });
});
