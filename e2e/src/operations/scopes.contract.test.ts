/**
 * Every operation whose permission can be limited, asked by callers that may do everything within one cluster, one stream,
 * some of its keys or one group: about what lies within their grant, and about what lies outside. The property test of
 * `covers` proves the algebra of grants; this proves that targets and handlers hold to it.
 */
import { PERMISSION_TABLE, PERMISSIONS } from '@foreshard/core/access';
import { externalClusterSchema, streamIdOf } from '@foreshard/core/external';
import { type AnyOperation, allOperations, requestOf } from '@foreshard/core/operations';
import type { Recommendation } from '@foreshard/core/planning';
import { createStream } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, inject, it, test } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { LACKING } from './rows.fixture.ts';
import {
  askedOf,
  type ClusterName,
  ENDLESS,
  GROUP_OF,
  LIMITS,
  type Limit,
  OF_EVERY,
  TRIED,
  type World,
} from './scopes.fixture.ts';
import {
  bearer,
  type ConsoleProcess,
  type Input,
  type Outcome,
  overRest,
  overTrpc,
  startConsole,
} from './surfaces.fixture.ts';

const HOUR_MS = 3_600_000;
const NAMES = Object.keys(LIMITS) as Limit[];
const LIMITED = allOperations().filter(({ permission }) => PERMISSION_TABLE[permission].limitedBy.length > 0);

let cluster: EdgeCluster;
let console: ConsoleProcess;
let world: World;
const tokens = new Map<Limit | 'everywhere', string>();

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  for (const name of ['main', 'orders']) await cluster.decide(createStream({ name, shardCount: 1 }));
  await cluster.startEdge();
  await cluster.settled();
  const { control, databaseUrl } = cluster;
  const everything = { scopes: [...PERMISSIONS] };
  tokens.set('everywhere', (await control.tokens.create({ name: 'all', ...everything })).plaintext);
  for (const limit of NAMES) {
    const made = await control.tokens.create({ name: limit, ...everything, scope: LIMITS[limit] });
    tokens.set(limit, made.plaintext);
  }
  for (const [stream, name] of Object.entries(GROUP_OF)) {
    const body = JSON.stringify({ name, stream });
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${tokens.get('everywhere')}`,
    };
    expect((await cluster.send('/v1/groups', { method: 'POST', body, headers })).status).toBe(201);
  }
  const { shardlets, streams } = await control.topology.snapshot();
  const shardletOf = (name: string) => {
    return shardlets.find(({ stream }) => streams.find(({ id }) => id === stream)?.name === name)!.id;
  };
  const made = { ours: await filled('ours'), kafka: await filled('kafka'), legacy: await filled('legacy') };
  const pick = (member: keyof Filled) => {
    return { ours: made.ours[member], kafka: made.kafka[member], legacy: made.legacy[member] };
  };
  world = {
    ...{ recommendations: pick('recommendation'), plans: pick('plan'), versions: pick('version') },
    shardlets: { main: shardletOf('main'), orders: shardletOf('orders') },
  };
  await trained(null);
  console = await startConsole({
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: cluster.controlRedis.url },
    ...{ FORESHARD_EDGE_URL: cluster.edgeUrl },
  });
}, 180_000);
afterAll(async () => {
  await console?.stop();
  await cluster?.stop();
});

interface Filled {
  readonly recommendation: number;
  readonly plan: number;
  readonly version: number;
}

/** A recommendation in a plan, and a model with its training. */
async function filled(name: ClusterName): Promise<Filled> {
  const { control } = cluster;
  const nowMs = Date.now();
  const streamId = name === 'ours' ? await ownStream() : streamIdOf(await addCluster(name));
  const body: Recommendation = {
    ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: ['1'], source: '1', destination: '2' },
    ...{ reason: 'hot', urgency: 'now', overloadAt: null, gain: null, etaSeconds: null, confidence: 1 },
    ...{ cost: { objective: 0, bytes: 1 }, alternatives: [], checks: [] },
    expiresAt: new Date(nowMs + HOUR_MS).toISOString(),
  };
  const figures = { objective: 1, hottest: 1, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 1 };
  const record = {
    ...{
      revision: 'x',
      topologyVersion: 1,
      policy: { name: 'x', version: 1 },
      now: '',
      skipped: {},
      hosts: [],
    },
    ...{ recommendations: [body], before: figures, after: figures, nothingBecause: null, pressures: [] },
  };
  const log = control.recommendations;
  const external = name === 'ours' ? {} : { cluster: name };
  await log.record(record, { policyVersion: 1, nowMs, ...external });
  const [found] = await log.list({ cluster: external.cluster ?? '', limit: 1 });
  const measured = { mae: 1, rmse: 1, mase: 1, wape: 1, pinball: 1, coverage: 1, fitMs: 1, origins: 1 };
  const model = { resolution: '1h', name: 'naive', members: [], parameters: {}, naiveMae: 1 } as const;
  const run = await trained(streamId);
  const window = { windowFromMs: 0, windowToMs: nowMs, createdMs: nowMs };
  const version = await control.models.add({ ...measured, ...model, ...window, streamId, run });
  return { recommendation: found!.id, plan: found!.plan!, version };
}

async function ownStream(): Promise<number> {
  const { streams } = await cluster.control.topology.snapshot();
  return streams.find(({ name }) => name === 'main')!.id;
}

async function addCluster(name: string) {
  const { clusters } = cluster.control;
  const made = externalClusterSchema.parse({
    ...{ name, number: await clusters.nextNumber(), revision: 0, version: 1, webhook: null, source: null },
    ...{ hosts: [{ number: 1, name: 'broker-1' }], hostsChangedMs: null, observedToMs: null },
    ...{ partitions: [], stepMs: 60_000, shiftMs: 0, createdMs: Date.now(), createdBy: 'test' },
  });
  expect(await clusters.add(made)).toBe(true);
  return made;
}

const REASON = 'walked';
async function trained(streamId: number | null): Promise<number> {
  const { models } = cluster.control;
  const run = await models.start({ streamId, reason: REASON, actor: 'test', startedMs: Date.now() });
  await models.seen(run!, Date.now(), 'of each stream');
  await models.end(run!, 'finished', Date.now(), '');
  return run!;
}

type Surface = 'REST' | 'the console';

function ask(surface: Surface, operation: AnyOperation, input: Input, who: Limit | 'everywhere') {
  const authorization = bearer(tokens.get(who)!);
  const isTried = TRIED.includes(operation.name);
  if (surface === 'REST') return overRest(cluster.edgeUrl, operation, input, authorization, isTried);
  return overTrpc(console.url, operation, isTried ? { ...input, dryRun: true } : input, authorization);
}

/** Its code alone: an answer that goes on is not read. */
async function began(surface: Surface, operation: AnyOperation, input: Input, who: Limit): Promise<Outcome> {
  if (operation.name !== ENDLESS) return ask(surface, operation, input, who);
  const leaving = new AbortController();
  const { method, path } = requestOf(operation, input as never);
  const headers = bearer(tokens.get(who)!);
  const { signal } = leaving;
  const { status } = await fetch(`${cluster.edgeUrl}${path}`, { method, headers, signal });
  leaving.abort();
  return status === 403 ? { code: 'forbidden' } : { answer: status };
}

const isDenied = (outcome: Outcome) => 'code' in outcome && outcome.code === 'forbidden';

describe.each(NAMES)('whoever may do everything within %s', (limit) => {
  test.each(LIMITED.map((operation) => [operation.name, operation] as const))(
    '%s',
    async (name, operation) => {
      const asked = askedOf(limit, operation, world);
      if (asked === undefined) return;
      expect(asked.within.length + asked.outside.length).toBeGreaterThan(0);
      const surfaces = name in LACKING.console ? (['REST'] as const) : (['REST', 'the console'] as const);
      for (const surface of surfaces) {
        for (const input of asked.outside) {
          const outcome = await began(surface, operation, input, limit);
          expect(isDenied(outcome), `${surface}, outside: ${JSON.stringify([input, outcome])}`).toBe(true);
        }
        for (const input of asked.within) {
          const outcome = await began(surface, operation, input, limit);
          expect(isDenied(outcome), `${surface}, within: ${JSON.stringify([input, outcome])}`).toBe(false);
        }
      }
    },
  );
});

it('each operation that can be limited is asked for within a limit, or by nobody who is limited', () => {
  const isAskedWithin = (operation: AnyOperation) =>
    NAMES.some((limit) => (askedOf(limit, operation, world)?.within.length ?? 0) > 0);
  const never = LIMITED.filter((operation) => !isAskedWithin(operation)).map(({ name }) => name);
  expect(never.sort()).toEqual([...OF_EVERY].sort());
});

describe.each(['REST', 'the console'] as const)(
  'over %s a list holds only what its reader may see',
  (surface) => {
    const operations = new Map(LIMITED.map((operation) => [operation.name, operation]));
    async function listed(name: string, input: Input, who: Limit | 'everywhere'): Promise<Listed[]> {
      const outcome = await ask(surface, operations.get(name)!, input, who);
      if (!('answer' in outcome)) throw new Error(JSON.stringify(outcome));
      return Object.values(outcome.answer as Readonly<Record<string, Listed[]>>)[0]!;
    }
    const readers = ['everywhere', 'our cluster', 'an external cluster'] as const;

    it.each([
      ['recommendations.list', { cluster: '*', state: 'all' }],
      ['plans.list', { cluster: '*', ended: true }],
    ])('%s', async (name, input) => {
      const seen = readers.map(async (who) => {
        const clusters = (await listed(name, input, who)).map((one) => one.cluster);
        return [...new Set(clusters)].sort();
      });
      expect(await Promise.all(seen)).toEqual([['kafka', 'legacy', null], [null], ['kafka']]);
    });

    it('clusters.list', async () => {
      const seen = readers.map(async (who) =>
        (await listed('clusters.list', {}, who)).map(({ name }) => name),
      );
      expect(await Promise.all(seen)).toEqual([['kafka', 'legacy'], [], ['kafka']]);
    });

    it('models.trainings', async () => {
      const all = await listed('models.trainings', {}, 'everywhere');
      const streams = all
        .filter(({ reason }) => reason === REASON)
        .map(({ streamId, log }) => [streamId, log !== '']);
      const ours = await ownStream();
      expect(streams).toHaveLength(4);
      const seenBy = async (who: Limit) =>
        (await listed('models.trainings', {}, who))
          .filter(({ reason }) => reason === REASON)
          .map(({ streamId, log }) => [streamId, log !== '']);
      expect(await seenBy('our cluster')).toEqual([
        [null, false],
        [ours, true],
      ]);
      const kafka = (await cluster.control.clusters.find('kafka'))!;
      expect(await seenBy('an external cluster')).toEqual([
        [null, false],
        [streamIdOf(kafka), true],
      ]);
    });
  },
);

interface Listed {
  readonly cluster: string | null;
  readonly name: string;
  readonly streamId: number | null;
  readonly reason: string;
  readonly log: string;
}
