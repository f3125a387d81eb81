/**
 * Every command of the table that changes what is there: carried out here once, its row of the audit log has to hold what
 * was there before. A command without a case fails, and so does one that forgets to note.
 */
import { describe, expect, it } from 'vitest';
import { processPrincipal } from '../../access/index.ts';
import { MemoryGroupStore } from '../../adapters/memory/index.ts';
import { MemoryBlockStore } from '../../adapters/telemetry/index.ts';
import { DEFAULT_POLICY_VERSION, type RecommendationRecord } from '../../advising/index.ts';
import { MemoryAudit } from '../../audit/audit-log.fixture.ts';
import { groupCheckpointingSchema } from '../../checkpointing/index.ts';
import { EMPTY_GROUP } from '../../consuming/index.ts';
import { policySchema } from '../../planning/index.ts';
import { EMPTY_TOPOLOGY, type Topology, TopologyMap } from '../../topology/index.ts';
import { callerOf } from '../caller.ts';
import { judgedInput } from '../judging.ts';
import type { AnyOperation } from '../operation.ts';
import { allOperations, OPERATIONS } from '../table.ts';
import { type OperationStores, operationHandlers } from './handlers.ts';
import { OperationRunner } from './operation-runner.ts';
import { peopleStores, role } from './people.fixture.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const NOW = '2026-11-24T12:00:00.000Z';
const UUID = '7b1d3c52-6a52-4c8e-9a0e-0c7e6f1a2b3c';
/** Stand for those of the memory stores, which are no UUIDs. */
const [A_SESSION, AN_INVITATION] = [`${UUID.slice(0, -1)}1`, `${UUID.slice(0, -1)}2`] as const;
const RANGE = { from: { hi: 0, lo: 0 }, to: { hi: 8, lo: 0 } };

const HOST = {
  ...{ id: 1, name: 'host-1', engine: 'redis', url: 'redis://h', incarnation: 'run', generation: 0 },
  ...{ durability: 'always', state: 'active', zone: 'old zone', labels: {}, capacity: {} },
};
const shardletOf = (id: number, hi: number) => ({
  ...{ id, stream: 1, shard: 0, epoch: 1, parents: [], lost: [], owner: 1, state: { kind: 'open' } },
  range: { from: { hi, lo: 0 }, to: { hi: hi + 4, lo: 0 } },
});
const STREAM = {
  ...{ id: 1, name: 'orders', shardCount: 1, splitKeys: false },
  ...{ retentionMs: 60_000, retentionBytes: null, dedupWindowMs: 1_000 },
};
const TOPOLOGY = {
  ...EMPTY_TOPOLOGY,
  ...{ streams: [STREAM], hosts: [HOST], shardlets: [shardletOf(1, 0), shardletOf(2, 4)] },
} as unknown as Topology;

const MOVE = {
  ...{ id: 4, shardlet: 1, kind: 'open', source: 1, dest: 1, actor: 'ann', reason: 'hot', phase: 'copying' },
  ...{ createdAtMs: NOW_MS, deadlineAtMs: null, order: 'go', orderReason: '', orderedBy: null, worker: null },
  ...{ bytesPerSecondMax: null, startedAtMs: null, updatedAtMs: NOW_MS, bytes: 0, records: 0, sourceSeq: 0 },
  ...{ copiedSeq: 0, bytesPerSecond: 0, obstacle: '', endedAtMs: null, result: null, detail: '' },
};
const CONTROLS = { paused: false, reason: 'old', changedBy: null, bytesPerSecondMax: 7, concurrencyMax: 2 };

function partOf(state: string): RecommendationRecord {
  return {
    ...{ id: 8, cluster: '', revision: 1, topologyVersion: 0, policyVersion: 0, state, plan: 5 },
    ...{ firstMs: NOW_MS, lastMs: NOW_MS, expiresMs: NOW_MS + 1_000, decidedMs: null, notBeforeMs: null },
    ...{ firstApproval: null, decidedBy: null, note: '', moves: [], result: '', endedMs: null },
    ...{ realised: null, replacedBy: null },
    body: {
      ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: ['1'], source: '1', destination: '1' },
      ...{ reason: 'hot', cost: { objective: 0, bytes: 1 }, etaSeconds: null, checks: [] },
    },
  } as unknown as RecommendationRecord;
}

const CLUSTER = {
  ...{ name: 'legacy', number: 1, revision: 3, version: 2, hostsChangedMs: null, webhook: 'runner' },
  ...{ problem: null, observedToMs: null, stepMs: 60_000, shiftMs: 0, createdMs: NOW_MS, createdBy: 'ben' },
  ...{ source: null, hosts: [], partitions: [] },
};
const REPORT = {
  ...{ name: 'legacy', hosts: 1, partitions: 1, rows: 2, known: 0, tooOld: 0, shiftMs: 0 },
  ...{ fromMs: NOW_MS, toMs: null, hostsAssumed: 1 },
};
const TOKEN = {
  ...{ id: 't1', name: 'shop', prefix: 'fsh_old', scopes: ['read'], scope: {}, cidrs: [] },
  ...{ createdAt: new Date(NOW_MS), owner: undefined, expiresAt: undefined, signInBy: undefined },
  ...{ lastUsedAt: undefined, revokedAt: undefined },
};
const HINT = {
  ...{ id: UUID, stream: 'orders', fromMs: NOW_MS, toMs: NOW_MS + 1, factor: 3, perSecond: null },
  ...{ because: 'sale', scope: {}, repeat: null, createdMs: NOW_MS, createdBy: 'ann' },
};
const ANNOTATION = {
  ...{ id: UUID, stream: 'orders', fromMs: NOW_MS, toMs: NOW_MS, range: null, text: 'sale' },
  ...{ createdMs: NOW_MS, createdBy: 'ann' },
};
const TARGET = {
  ...{ name: 'ops', url: 'https://example.com/hook', secret: 'whsec_1', format: 'standard', kinds: [] },
  ...{ pauseSeconds: 60, enabled: true, createdMs: NOW_MS, createdBy: 'ann' },
};
const DELIVERY = {
  ...{ id: UUID, target: 'ops', title: 'a test', state: 'failed', createdMs: NOW_MS, nextMs: NOW_MS },
  attempts: [],
};
const VERSION = {
  ...{ id: 3, streamId: 1, resolution: '1h', name: 'v', members: [], origins: 1, run: 1, fitMs: 1 },
  ...{ windowFromMs: 0, windowToMs: NOW_MS, createdMs: NOW_MS },
};
const KEPT = {
  ...{ id: UUID, shardlet: 1, seq: 9, epoch: 1, assignment: 1, member: 'm', handlerVersion: 'v1' },
  ...{ state: 'valid', bytes: 1, keys: 1, digest: 'sha-256:0', store: 'files', createdAtMs: NOW_MS },
  ...{ reason: 'time' },
};
const CHECKPOINTING = groupCheckpointingSchema.parse({ keep_count: 4 });

/** One thing of each kind. `result` is what the topology store answers to a decision. */
async function world(result: object, partState: string) {
  const people = await peopleStores({ ada: [role('administrator')], bob: [role('viewer')] });
  const groups = new MemoryGroupStore({ nowMicros: () => 1 });
  const group = { name: 'g', stream: 1, sessionMs: 10_000, checkpointing: CHECKPOINTING };
  await groups.create(group, EMPTY_GROUP);
  const part = partOf(partState);
  const plan = {
    ...{ id: 5, cluster: '', revision: 1, topologyVersion: 0, policyVersion: 0, firstMs: NOW_MS },
    ...{ lastMs: NOW_MS, summary: { focus: null, overloadAt: null, picture: null }, undone: null },
    parts: [part],
  };
  let quota = { scope: 'stream', subject: 'orders', eventsPerSecond: 5, bytesPerSecond: undefined };
  let removedMs: number | null = null;
  const policy = policySchema.parse({ mode: 'ask', name: 'old policy' });
  const stores = {
    ...people,
    nowMs: () => NOW_MS,
    newId: () => UUID,
    wake: async () => {},
    wakeClusters: async () => {},
    topology: {
      snapshot: async () => TOPOLOGY,
      changesAfter: async () => [],
      decide: async () => ({ kind: 'decided', result }),
    },
    map: () => new TopologyMap(TOPOLOGY),
    drainFacts: async () => ({ fills: new Map(), loads: new Map(), away: new Map() }),
    moves: {
      find: async () => MOVE,
      order: async () => true,
      controls: async () => CONTROLS,
      setControls: async (change: object) => ({ ...CONTROLS, ...change }),
      list: async () => [],
    },
    quotas: {
      list: async () => [quota],
      set: async (given: typeof quota) => {
        quota = given;
      },
      remove: async () => true,
    },
    tokens: {
      list: async () => [TOKEN],
      rotate: async () => {
        const replaced = { ...TOKEN, expiresAt: new Date(NOW_MS) };
        return { token: { ...TOKEN, id: 't2', prefix: 'fsh_new' }, plaintext: 'fsh_x', replaced };
      },
      revoke: async () => true,
    },
    recommendations: {
      find: async () => part,
      partsOf: async () => [part],
      approve: async () => true,
      reject: async () => true,
      abandon: async () => {},
    },
    plans: { find: async () => plan, undo: async () => true, noteUndoMoves: async () => {} },
    policies: {
      at: async () => ({ ...DEFAULT_POLICY_VERSION, policy }),
      versions: async () => [{ ...DEFAULT_POLICY_VERSION, policy, version: 1 }],
      add: async (made: object) => ({ version: 2, ...made }),
    },
    clusters: {
      find: async () => CLUSTER,
      list: async () => [CLUSTER],
      save: async () => true,
      remove: async () => true,
    },
    blocks: new MemoryBlockStore(),
    inquiries: { ask: async () => ({ kind: 'taken', report: REPORT }) },
    notifications: {
      store: {
        ...{ targets: async () => [TARGET], change: async () => true, remove: async () => true },
        ...{ delivery: async () => DELIVERY, redeliver: async () => true },
      },
      ...{ nowMs: () => NOW_MS, wake: async () => {} },
    },
    hints: {
      list: async () => [{ ...HINT, removedMs, removedBy: null }],
      remove: async () => {
        removedMs = NOW_MS;
        return true;
      },
      restore: async () => true,
    },
    annotations: {
      find: async () => ({ ...ANNOTATION, removedMs, removedBy: null }),
      remove: async () => {
        removedMs = NOW_MS;
        return true;
      },
      restore: async () => true,
    },
    groups,
    groupService: {},
    letters: { list: async () => ({ letters: [], counts: {}, omitted: 0 }) },
    checkpoints: {},
    upkeep: { find: async () => KEPT, remove: async () => true },
    models: {
      ...{ version: async () => ({ ...VERSION, id: 9 }), champion: async () => VERSION },
      ...{ promote: async () => true, promotions: async () => [{ version: 3, previous: 9 }] },
    },
  };
  return { people, stores: stores as unknown as OperationStores };
}

interface Case {
  readonly input: object;
  /** what has to stand in the row */
  readonly before: object;
  /** what the topology store answers */
  readonly decided?: object;
  /** of the part of the plan */
  readonly state?: string;
}

const HOST_BEFORE = { id: 1, zone: 'old zone', state: 'active' };
const PLAN = { plan: 5, note: '' };
const SEEN = { revision: 1, topologyVersion: 0 };
const PLAN_BEFORE = { plan: { id: 5, state: 'open', parts: [{ recommendation: { state: 'open' } }] } };
const ASKED = { recommendation: 8, ...SEEN, note: '' };
const RECOMMENDED = { recommendations: [{ id: 8, state: 'open' }] };
const CHAMPION = { champion: { id: 3 } };
const CHILDREN = { children: [{ id: 9, owner: 1, range: RANGE }] };
const BOB = { email: 'bob@example.org' };
const SESSION = { id: A_SESSION, email: BOB.email };

const CASES: Readonly<Record<string, Case>> = {
  'hosts.describe': { input: { host: 1, zone: 'b' }, before: HOST_BEFORE, decided: { host: HOST } },
  'hosts.remove': { input: { host: 1 }, before: HOST_BEFORE },
  'hosts.drain': { input: { host: 1 }, before: HOST_BEFORE },
  'hosts.undrain': { input: { host: 1 }, before: HOST_BEFORE },
  'hosts.acceptLoss': { input: { host: 1, incarnation: 'run' }, before: HOST_BEFORE },
  'migrations.pause': { input: { migration: 4 }, before: { migration: { id: 4, order: 'go' } } },
  'migrations.resume': { input: { migration: 4 }, before: { migration: { id: 4, order: 'go' } } },
  'migrations.abort': { input: { migration: 4 }, before: { migration: { id: 4, order: 'go' } } },
  'migrations.pauseAll': { input: { reason: 'new' }, before: CONTROLS },
  'migrations.resumeAll': { input: {}, before: CONTROLS },
  'migrations.limit': { input: { concurrencyMax: 5 }, before: CONTROLS },
  'shardlets.split': {
    ...{ input: { shardlet: 1, at: '0000000200000000' }, decided: CHILDREN },
    before: { shardlets: [{ id: 1, state: 'open', host: 1 }] },
  },
  'shardlets.roll': { input: { shardlet: 1 }, before: { shardlets: [{ id: 1 }] }, decided: CHILDREN },
  'shardlets.merge': {
    ...{ input: { shardlets: [1, 2] }, before: { shardlets: [{ id: 1 }, { id: 2 }] }, decided: CHILDREN },
  },
  'streams.alter': {
    ...{ input: { stream: 'orders', retentionMs: 70_000 }, before: { retentionMs: 60_000 }, decided: STREAM },
  },
  'streams.delete': { input: { stream: 'orders' }, before: { name: 'orders' }, decided: { replicas: 2 } },
  'groups.remove': { input: { group: 'g' }, before: { name: 'g', checkpointing: CHECKPOINTING } },
  'checkpoints.remove': { input: { group: 'g', checkpoint: UUID }, before: { id: UUID, seq: 9 } },
  'checkpoints.alter': {
    ...{ input: { group: 'g', keep_count: 5 }, before: { group: 'g', checkpointing: { keep_count: 4 } } },
  },
  'quotas.set': {
    ...{ input: { scope: 'stream', subject: 'orders', eventsPerSecond: 9 }, before: { eventsPerSecond: 5 } },
  },
  'quotas.remove': { input: { scope: 'stream', subject: 'orders' }, before: { eventsPerSecond: 5 } },
  'tokens.rotate': { input: { id: 't1' }, before: { id: 't1', prefix: 'fsh_old' } },
  'tokens.revoke': { input: { token: 't1' }, before: { id: 't1', name: 'shop', state: 'active' } },
  'recommendations.approve': { input: ASKED, before: RECOMMENDED },
  'recommendations.approveSeveral': {
    input: { requests: [{ recommendation: 8, ...SEEN }], note: '' },
    before: RECOMMENDED,
  },
  'recommendations.reject': { input: { recommendation: 8, note: 'no' }, before: RECOMMENDED },
  'plans.approve': { input: { ...PLAN, ...SEEN }, before: PLAN_BEFORE },
  'plans.schedule': { input: { ...PLAN, ...SEEN, when: 'window' }, before: PLAN_BEFORE },
  'plans.withdraw': { input: { ...PLAN, note: 'no' }, before: PLAN_BEFORE },
  'plans.undo': { input: { ...PLAN, note: 'no' }, before: { plan: { id: 5, state: 'done' } }, state: 'done' },
  'policy.change': { input: { from: 1, policy: { name: 'new' } }, before: { name: 'old policy' } },
  'policy.rollBack': { input: { from: 1, to: 0 }, before: { name: 'old policy' } },
  'models.promote': { input: { version: 9, reason: 'better' }, before: CHAMPION },
  'models.rollBack': { input: { stream: 'orders', resolution: '1h', reason: 'worse' }, before: CHAMPION },
  'clusters.importLoad': { input: { name: 'legacy', load: 'csv' }, before: { name: 'legacy', version: 2 } },
  'clusters.change': { input: { name: 'legacy', webhook: null }, before: { webhook: 'runner' } },
  'clusters.remove': { input: { name: 'legacy' }, before: { name: 'legacy', hosts: [] } },
  'hints.remove': { input: { id: UUID }, before: { id: UUID, factor: 3, removedAt: null } },
  'hints.restore': { input: { id: UUID }, before: { id: UUID, factor: 3 } },
  'annotations.remove': { input: { id: UUID }, before: { id: UUID, text: 'sale', removedAt: null } },
  'annotations.restore': { input: { id: UUID }, before: { id: UUID, text: 'sale' } },
  'notifications.changeTarget': { input: { name: 'ops', enabled: false }, before: { enabled: true } },
  'notifications.removeTarget': { input: { name: 'ops' }, before: { name: 'ops', enabled: true } },
  'notifications.redeliver': { input: { id: UUID }, before: { id: UUID, state: 'failed' } },
  'users.change': { input: { user: BOB.email, name: 'Bob' }, before: { ...BOB, name: 'bob' } },
  'users.remove': { input: { user: BOB.email }, before: BOB },
  'users.revokeInvitation': {
    ...{ input: { invitation: AN_INVITATION }, before: { email: 'eve@example.org', createdAt: NOW } },
  },
  'sessions.end': { input: { session: A_SESSION }, before: SESSION },
  'sessions.endAll': { input: { user: BOB.email }, before: { sessions: [SESSION] } },
  'account.endSession': { input: { session: A_SESSION }, before: SESSION },
};

const commands = allOperations(OPERATIONS).filter(({ kind }) => kind === 'command');
const noted = commands.filter(({ before }) => before === 'noted');

it('every command says how what was before is known, and each that notes it has a case', () => {
  expect(commands.filter(({ before }) => before === undefined).map(({ name }) => name)).toEqual([]);
  expect(Object.keys(CASES).sort()).toEqual(noted.map(({ name }) => name).sort());
  const reasons = commands.flatMap(({ before }) => (typeof before === 'object' ? before.none : []));
  expect(reasons.filter((reason) => !/^[A-Z].{10,}\.$/.test(reason))).toEqual([]);
});

describe('the row of', () => {
  it.each(noted.map((operation) => [operation.name, operation] as const))(
    '%s holds what was there before',
    async (name, operation) => {
      const { input, before, decided = {}, state = 'open' } = CASES[name]!;
      const { audit, named } = await carriedOut(operation, input, decided, state);
      expect(audit.rows).toMatchObject([{ row: 'started' }, { row: 'done', before: named(before) }]);
    },
  );
});

async function carriedOut(operation: AnyOperation, input: object, decided: object, state: string) {
  const { people, stores } = await world(decided, state);
  people.clock.ms = NOW_MS;
  const session = await people.signIn('bob');
  const link = { email: 'eve@example.org', createdBy: 'ann', expiresAt: new Date(NOW_MS + 1_000) };
  const invitation = (await people.links.create({ hash: 'x', kind: 'invitation', ...link })).id;
  const named = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value).replaceAll(A_SESSION, session).replaceAll(AN_INVITATION, invitation),
    ) as T;
  const audit = new MemoryAudit();
  const handlers = operationHandlers(stores);
  const runner = new OperationRunner({
    ...{ table: OPERATIONS, handlers, audit, nowMs: () => NOW_MS },
    warn: (message) => expect.unreachable(message),
  });
  const bob = (await people.people.byEmail(BOB.email))!;
  const everything = processPrincipal('a test').grants;
  const principal = { kind: 'person', id: bob.id, name: BOB.email, grants: everything } as const;
  const caller = callerOf(principal, { surface: 'console', address: '', requestId: '' });
  await runner.run(operation, named(judgedInput(operation, input as never)), caller);
  return { audit, named };
}
