/** One plan over its life: proposed together, approved in part, kept, judged again, undone as one, on real servers. */
import {
  approvePlan,
  planStateOf,
  type RecommendationRecord,
  undoPlan,
  withdrawPlan,
} from '@foreshard/core/advising';
import { HOUR_MS, MINUTE_MS } from '@foreshard/core/telemetry';
import { createStream } from '@foreshard/core/topology';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { PlannedCluster } from './planned-cluster.fixture.ts';

const TEST_MS = 90_000;
const BUSY = 40;

let planned: PlannedCluster;

beforeAll(async () => {
  planned = await PlannedCluster.start(inject('postgresUrl'), { hosts: 3, shards: 15 });
  await planned.setPolicy({});
}, TEST_MS);
afterAll(() => planned.cluster.stop());

const find = async (id: number) => (await planned.cluster.control.plans.find(id))!;
const statesOf = (parts: readonly RecommendationRecord[]) => parts.map(({ state }) => state);
const now = { note: '', when: 'now' } as const;

async function proposed() {
  const busy = await planned.overload(BUSY);
  await planned.tick();
  return { busy, plan: (await planned.plan())! };
}

async function ownersOf(parts: readonly RecommendationRecord[]) {
  await planned.cluster.follower.upToDate();
  return parts.map(({ body }) => String(planned.cluster.map.shardlet(Number(body.shardlets[0]))!.owner));
}

it(
  'is proposed with the host that it relieves and the load of its hosts with and without it',
  async () => {
    const { busy, plan } = await proposed();
    expect(plan.parts.length).toBeGreaterThan(1);
    expect(new Set(plan.parts.map(({ body }) => body.source))).toEqual(new Set([String(busy)]));
    const { focus, picture } = plan.summary;
    expect(focus).toMatchObject({ host: String(busy) });
    expect(focus!.before).toBeGreaterThan(1.5);
    expect(focus!.after).toBeLessThan(1);
    const relieved = picture!.hosts.find(({ host }) => host === String(busy))!;
    expect(relieved.without[0]!.planned).toBeCloseTo(focus!.before, 1);
    expect(relieved.with[0]!.planned).toBeLessThan(1);
    await planned.tick();
    const again = (await planned.plan())!;
    expect([again.id, again.revision]).toEqual([plan.id, plan.revision]);
  },
  TEST_MS,
);

it(
  'of which a part is approved keeps the others, across the change of the topology that this makes',
  async () => {
    const seen = (await planned.plan())!;
    const [first, ...others] = seen.parts;
    const { revision, topologyVersion } = seen;
    const reply = await approvePlan(planned.adviser(), seen, {
      revision,
      topologyVersion,
      parts: [first!.id],
      ...now,
    });
    expect(reply).toMatchObject({ kind: 'decided', parts: [{ reply: { kind: 'approved' } }] });
    await planned.tick();
    await planned.cluster.follower.upToDate();
    await planned.tick();
    const plan = await find(seen.id);
    expect(planStateOf(plan)).toBe('running');
    expect(statesOf(plan.parts)).toEqual(['running', ...others.map(() => 'open')]);
    // nothing new beside it: what is kept counts as done
    expect((await planned.plan())!.id).toBe(seen.id);
    await planned.restructure();
    await planned.tick();
    expect(statesOf((await find(seen.id)).parts)).toEqual(['done', ...others.map(() => 'open')]);
    // as it was seen before the first moved
    const rest = others.map(({ id }) => id);
    const second = await approvePlan(planned.adviser(), plan, {
      revision,
      topologyVersion,
      parts: rest,
      ...now,
    });
    expect(second).toMatchObject({ parts: rest.map(() => ({ reply: { kind: 'approved' } })) });
  },
  TEST_MS,
);

it(
  'is undone as one: what was moved goes back, and is not proposed again at once',
  async () => {
    await planned.tick();
    await planned.restructure();
    await planned.tick();
    const ended = await planned.cluster.control.plans.list({ cluster: '', ended: true, limit: 10 });
    const plan = ended.find((one) => planStateOf(one) === 'done');
    expect(await ownersOf(plan!.parts)).toEqual(plan!.parts.map(({ body }) => body.destination));
    const rows = await undoPlan(planned.adviser(), plan!, 'ann', 'wrong');
    expect(rows!.map(({ result }) => result)).toEqual(plan!.parts.map(() => 'moving-back'));
    expect(await undoPlan(planned.adviser(), plan!, 'bob', 'too')).toBeUndefined();
    await planned.restructure();
    expect(await ownersOf(plan!.parts)).toEqual(plan!.parts.map(({ body }) => body.source));
    const undone = await find(plan!.id);
    expect(undone.undone).toMatchObject({ by: 'ann', note: 'wrong' });
    expect(undone.undone!.moves).toHaveLength(plan!.parts.length);
    expect(planStateOf(undone)).toBe('undone');
  },
  TEST_MS,
);

it(
  'under way withdraws a part only with the reason, once its host is relieved',
  async () => {
    planned.pass(6 * HOUR_MS);
    const { plan } = await proposed();
    const { revision, topologyVersion, parts } = plan;
    await approvePlan(planned.adviser(), plan, { revision, topologyVersion, parts: [parts[0]!.id], ...now });
    await planned.tick();
    await planned.load(() => 1, 5 * MINUTE_MS);
    await planned.tick();
    const [, ...rest] = (await find(plan.id)).parts;
    expect(new Set(statesOf(rest))).toEqual(new Set(['withdrawn']));
    expect(rest[0]!.result).toMatch(/ is at \d+ % without it$/);
  },
  TEST_MS,
);

it(
  'that was seen otherwise is refused, and so is one after a change that is not its own',
  async () => {
    await planned.restructure();
    planned.pass(6 * HOUR_MS);
    const { plan } = await proposed();
    const { revision, topologyVersion } = plan;
    const adviser = planned.adviser();
    const other = await approvePlan(adviser, plan, { revision: revision + 1, topologyVersion, ...now });
    expect(other.kind).toBe('stale');
    await planned.cluster.decide(createStream({ name: 'another', shardCount: 1 }));
    const late = await approvePlan(adviser, plan, { revision, topologyVersion, ...now });
    expect(late).toMatchObject({ parts: plan.parts.map(() => ({ reply: { kind: 'stale' } })) });
    await planned.tick();
    const again = (await planned.plan())!;
    const rows = await withdrawPlan(adviser, again, 'not before the release');
    expect(new Set(rows.map(({ result }) => result))).toEqual(new Set(['taken-back']));
    await planned.tick();
    expect(await planned.plan()).toBeUndefined();
  },
  TEST_MS,
);
