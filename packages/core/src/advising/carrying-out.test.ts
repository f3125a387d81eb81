import { describe, expect, it } from 'vitest';
import { MemoryTopologyStore } from '../adapters/memory/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { policySchema } from '../planning/index.ts';
import { addHost, createStream, settleOpening } from '../topology/index.ts';
import { carryOut, dueOf, type Hands, outcomeOf, overtaken } from './carrying-out.ts';
import { DEFAULT_POLICY_VERSION } from './policy-store.ts';
import { OWN_CLUSTER, type RecommendationRecord } from './recommendation-log.ts';

const SHARDLET = 1;

async function hands(): Promise<Hands> {
  const topology = new MemoryTopologyStore(new ManualClock(0));
  for (const name of ['a', 'b']) {
    const host = { name, engine: 'redis', url: `redis://${name}:1`, incarnation: 'x' } as const;
    await topology.decide(addHost({ ...host, durability: 'always' }), 'test');
  }
  await topology.decide(createStream({ name: 'main', shardCount: 2 }), 'test');
  for (const { id, epoch } of (await topology.snapshot()).shardlets)
    await topology.decide(settleOpening(id, epoch), 'test');
  const moves = { add: async () => {} };
  const operator = { topology, moves, wake: async () => {}, nowMs: () => 0, actor: 'ann' };
  return { operator: operator as never, splitPlan: () => Promise.reject(new Error('nothing is split')) };
}

async function moveOf(
  by: Hands,
  to: 'where it is' | 'elsewhere',
  from?: string,
): Promise<RecommendationRecord> {
  const { hosts, shardlets } = await by.operator.topology.snapshot();
  const { owner } = shardlets.find(({ id }) => id === SHARDLET)!;
  const other = hosts.find(({ id }) => id !== owner)!.id;
  const destination = String(to === 'elsewhere' ? other : owner);
  const body = { action: 'move', shardlets: [String(SHARDLET)], source: from ?? String(owner), destination };
  return { id: 7, body: { ...body, reason: 'it is hot' } } as never;
}

describe('a move that was approved', () => {
  it('is begun once: tried again, the one that goes on is taken as this one', async () => {
    const by = await hands();
    const record = await moveOf(by, 'elsewhere');
    const first = await carryOut(record, by);
    expect(first).toMatchObject({ kind: 'running', moves: [expect.any(Number)] });
    expect(await carryOut(record, by)).toEqual(first);
  });

  it('is done when the shardlet is there already', async () => {
    const by = await hands();
    expect(await carryOut(await moveOf(by, 'where it is', '99'), by)).toMatchObject({ kind: 'done' });
  });

  it('is not made when the shardlet has gone elsewhere meanwhile', async () => {
    const by = await hands();
    const started = await carryOut(await moveOf(by, 'elsewhere', '99'), by);
    expect(started).toMatchObject({ kind: 'failed', result: expect.stringContaining('by now') });
  });
});

describe('a move that has waited since its approval', () => {
  const HOUR_MS = 3_600_000;
  const move = (source: string, destination: string) => ({
    ...{ action: 'move', source, destination },
    checks: [{ check: 'host.capacity_limit', value: 0.6, limit: 0.9, passed: true }],
  });
  const planned = (before: number, lastMs = HOUR_MS) =>
    ({ lastMs, document: { pressures: [{ host: 'b', before, after: 0.5 }] } }) as never;
  const decided = (decidedMs: number) => ({ decidedMs, body: move('a', 'b') }) as never;
  const other = (source: string, destination: string) => ({ body: move(source, destination) }) as never;

  it.each([
    ['its destination has become hot', 0, planned(1.2), [], '120 %'],
    ['so it has, and what goes on is no relief', 0, planned(1.2), [other('c', 'b')], '120 %'],
    ['its destination is as it was', 0, planned(0.4), [], undefined],
    ['it was approved a moment ago', HOUR_MS - 1_000, planned(1.2), [], undefined],
    ['no plan is new enough to tell', 0, planned(1.2, 0), [], undefined],
    ['there was no plan', 0, undefined, [], undefined],
    ['room is being made for it', 0, planned(1.2), [other('b', 'a')], undefined],
  ] as const)('when %s', (_, decidedMs, newest, underWay, why) => {
    const found = overtaken(decided(decidedMs), newest, underWay, HOUR_MS);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(why);
  });
});

describe('the outcome of moves', () => {
  const log = (...results: (string | null | undefined)[]) => ({
    find: async (id: number) => {
      const result = results[id];
      return result === undefined ? undefined : ({ result, detail: 'no need', bytes: 2e6 } as never);
    },
  });

  it.each([
    [['moved', null], undefined],
    // whoever carries it out adds it
    [['moved', undefined], undefined],
    [['moved', 'aborted'], { state: 'failed', result: 'aborted: no need' }],
    [['moved', 'moved'], { state: 'done', result: 'moved 2.0 MB, 2.0 MB' }],
  ])('of %j is %j', async (results, outcome) => {
    expect(await outcomeOf(log(...results), [0, 1])).toEqual(outcome);
  });
});

describe('what is approved', () => {
  const NIGHT = Date.parse('2026-11-22T04:00:00Z');
  const windows = (from: string, to: string) => [{ from, to, zone: 'UTC' }];
  const version = (change: object) => ({
    ...DEFAULT_POLICY_VERSION,
    policy: policySchema.parse({ mode: 'ask', ...change }),
  });
  const then = version({ migration_window: windows('04:00', '05:00') });
  const policies = { at: async () => then };
  const approved = (notBeforeMs: number | null) =>
    ({
      id: 7,
      cluster: OWN_CLUSTER,
      body: { area: { stream: 'main', shard: 0 } },
      notBeforeMs,
      decidedMs: NIGHT - 3_600_000,
    }) as RecommendationRecord;

  it('begins in the window it was approved for', async () => {
    expect(await dueOf([approved(NIGHT)], then, policies, NIGHT - 1)).toEqual([]);
    expect(await dueOf([approved(NIGHT), approved(null)], then, policies, NIGHT)).toHaveLength(2);
  });

  it('waits when the windows are others by now', async () => {
    const now = version({ migration_window: windows('22:00', '23:00') });
    expect(await dueOf([approved(NIGHT)], now, policies, NIGHT)).toEqual([]);
    expect(await dueOf([approved(null)], now, policies, NIGHT)).toHaveLength(1);
  });

  it('waits while only its scope forecasts, and for the windows of its scope', async () => {
    const scope = (more: object) => version({ scopes: [{ stream: 'main', mode: 'ask', ...more }] });
    const due = (now: typeof then, at = NIGHT) => dueOf([approved(NIGHT)], now, policies, at);
    expect(await due(scope({ mode: 'forecast-only' }))).toEqual([]);
    expect(await due(scope({}))).toHaveLength(1);
    expect(await due(scope({ migration_window: windows('22:00', '23:00') }))).toEqual([]);
    const others = version({ mode: 'forecast-only', scopes: [{ stream: 'main', mode: 'ask' }] });
    expect(await due(others)).toHaveLength(1);
  });

  it('waits while the policy only forecasts', async () => {
    const now = version({ mode: 'forecast-only' });
    expect(await dueOf([approved(NIGHT), approved(null)], now, policies, NIGHT)).toEqual([]);
  });
});
