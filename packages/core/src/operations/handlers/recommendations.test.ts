import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryTopologyStore } from '../../adapters/memory/index.ts';
import {
  type Approval,
  DEFAULT_POLICY_VERSION,
  type FirstApproval,
  OWN_CLUSTER,
  type RecommendationRecord,
} from '../../advising/index.ts';
import { ManualClock } from '../../kernel/index.ts';
import { policySchema } from '../../planning/index.ts';
import { addHost } from '../../topology/index.ts';
import { callerOf } from '../caller.ts';
import { callerNamed } from './caller.fixture.ts';
import { type RecommendationStores, recommendationHandlers } from './recommendations.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const ANN = callerNamed('ann');
const SEEN = { revision: 1, topologyVersion: 0 };
const NOW_AT_ONCE = { note: '', when: 'now' } as const;

let records: Map<number, RecommendationRecord>;
let woken: string[];
let topology: MemoryTopologyStore;
let mode: 'ask' | 'forecast-only';
let fourEyes: boolean;

beforeEach(() => {
  records = new Map();
  woken = [];
  topology = new MemoryTopologyStore(new ManualClock(0));
  mode = 'ask';
  fourEyes = false;
});

function handlers() {
  const change = (id: number, more: Partial<RecommendationRecord>) => {
    records.set(id, { ...records.get(id)!, ...more });
    return true;
  };
  const log = {
    find: async (id: number) => records.get(id),
    list: async ({ states, cluster }: { states: readonly string[]; cluster: string }) =>
      [...records.values()].filter((one) => states.includes(one.state) && one.cluster === cluster),
    approve: async (id: number, { actor, note, atMs, notBeforeMs }: Approval) =>
      change(id, { state: 'approved', decidedBy: actor, decidedMs: atMs, note, notBeforeMs }),
    approveFirst: async (id: number, revision: number, first: FirstApproval) =>
      records.get(id)?.revision === revision && change(id, { firstApproval: first }),
    reject: async (id: number, actor: string, note: string) =>
      ['open', 'approved'].includes(records.get(id)?.state ?? '') &&
      change(id, { state: 'rejected', decidedBy: actor, note }),
  };
  const stores = {
    ...{ recommendations: log, topology, clusters: { find: async () => undefined }, nowMs: () => NOW },
    policies: {
      at: async () => ({
        ...DEFAULT_POLICY_VERSION,
        policy: policySchema.parse({ mode, four_eyes: fourEyes }),
      }),
    },
    async wake(job: string) {
      woken.push(job);
      throw new Error('a lost wake-up is no failure');
    },
  };
  return recommendationHandlers(stores as unknown as RecommendationStores);
}

function add(id: number, more: Partial<RecommendationRecord> = {}): void {
  const body = { action: 'move', shardlets: [String(id)], source: '1', destination: '2', reason: 'hot' };
  const times = { firstMs: NOW, lastMs: NOW, expiresMs: NOW + 1_000, decidedMs: null, notBeforeMs: null };
  const decided = {
    firstApproval: null,
    decidedBy: null,
    note: '',
    moves: [],
    result: '',
    endedMs: null,
    realised: null,
    plan: null,
    replacedBy: null,
  };
  const record = { id, ...SEEN, policyVersion: 0, state: 'open', cluster: OWN_CLUSTER, body, ...times };
  records.set(id, { ...record, ...decided, ...more } as unknown as RecommendationRecord);
}

const approveOne = (recommendation: number, seen = SEEN) =>
  handlers().approve({ recommendation, ...seen, ...NOW_AT_ONCE }, ANN);

describe('an approval', () => {
  it('is given to what was seen, wakes who carries it out, and says who gave it', async () => {
    add(7);
    const when = '2026-11-23T04:00:00+01:00';
    const order = { recommendation: 7, ...SEEN, note: 'right', when };
    expect(await handlers().approve(order, ANN)).toMatchObject({
      ...{ state: 'approved', decidedBy: 'ann', note: 'right', notBefore: '2026-11-23T03:00:00.000Z' },
      ...{ cluster: null, proposal: { action: 'move' } },
    });
    expect(woken).toEqual(['carryOut', 'plan', 'clusters']);
  });

  it('that the policy forbids is a conflict, alone and among several', async () => {
    add(7);
    mode = 'forecast-only';
    const refusal = { code: 'conflict', message: expect.stringContaining('the policy only forecasts') };
    await expect(approveOne(7)).rejects.toMatchObject(refusal);
    const requests = [{ recommendation: 7, ...SEEN }];
    await expect(handlers().approveSeveral({ requests, ...NOW_AT_ONCE }, ANN)).rejects.toMatchObject(refusal);
    expect(records.get(7)?.state).toBe('open');
  });

  it('of another revision, or after the topology has changed, is a conflict, and plans anew', async () => {
    add(7);
    await expect(approveOne(7, { ...SEEN, revision: 2 })).rejects.toMatchObject({ code: 'conflict' });
    expect(woken).toContain('plan');
    const host = { name: 'a', engine: 'redis', url: 'redis://a:1', incarnation: 'x', durability: 'always' };
    await topology.decide(addHost(host as never), 'test');
    await expect(approveOne(7)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^Not approved: the topology has changed/),
    });
  });

  it('of what is decided already is a conflict, of what never was not_found', async () => {
    add(7, { state: 'done' });
    await expect(approveOne(7)).rejects.toMatchObject({
      code: 'conflict',
      message: 'Recommendation 7 is done already.',
    });
    await expect(approveOne(8)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('several approvals', () => {
  const approveSeveral = (...numbers: number[]) =>
    handlers().approveSeveral(
      { requests: numbers.map((recommendation) => ({ recommendation, ...SEEN })), ...NOW_AT_ONCE },
      ANN,
    );

  it('are decided each by itself', async () => {
    add(7);
    add(8, { state: 'rejected' });
    expect((await approveSeveral(7, 8, 9)).results).toMatchObject([
      { recommendation: 7, result: 'approved', notBefore: null },
      { recommendation: 8, result: 'refused', refusal: { code: 'conflict' } },
      { recommendation: 9, result: 'refused', refusal: { code: 'not_found' } },
    ]);
  });

  it('that are all refused are a problem that names each; a conflict outweighs what is not there', async () => {
    add(8, { state: 'rejected' });
    await expect(approveSeveral(9, 8)).rejects.toMatchObject({
      code: 'conflict',
      message: 'There is no recommendation 9. Recommendation 8 is rejected already.',
      more: { results: [{ recommendation: 9 }, { recommendation: 8 }] },
    });
    await expect(approveSeveral(9)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a rejection', () => {
  const reject = (recommendation: number) => handlers().reject({ recommendation, note: 'no' }, ANN);

  it('takes an approval back', async () => {
    add(7, { state: 'approved' });
    expect(await reject(7)).toMatchObject({ state: 'rejected', note: 'no', decidedBy: 'ann' });
  });

  it('comes too late for what runs, and has nothing to take back of what is not there', async () => {
    add(7, { state: 'running' });
    await expect(reject(7)).rejects.toMatchObject({ code: 'conflict' });
    await expect(reject(8)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the list', () => {
  const listed = async (asked: object) =>
    (await handlers().list({ limit: 10, ...asked }, ANN)).recommendations.map(({ id }) => id);

  it('has what waits or is under way of our own cluster, and more where it is asked for', async () => {
    add(1);
    add(2, { state: 'approved' });
    add(3, { state: 'running' });
    add(4, { state: 'done' });
    add(5, { cluster: 'shop' });
    expect(await listed({})).toEqual([1, 2, 3]);
    expect(await listed({ state: 'all' })).toEqual([1, 2, 3, 4]);
    expect(await listed({ state: 'done' })).toEqual([4]);
    expect(await listed({ cluster: 'shop' })).toEqual([5]);
  });

  it('says why nobody can approve one', async () => {
    add(1);
    mode = 'forecast-only';
    const { recommendations } = await handlers().list({ limit: 1 }, ANN);
    expect(recommendations).toMatchObject([{ obstacle: expect.stringContaining('only forecasts') }]);
  });
});

describe('a grant limited to a cluster', () => {
  const limited = (...clusters: string[]) =>
    callerOf(
      {
        ...{ kind: 'person', id: '1', name: 'bob@example.org' },
        grants: [{ permissions: ['cluster:read', 'plans:approve'], scope: { clusters } }],
      },
      ANN.origin,
    );
  const order = (recommendation: number) => ({ recommendation, ...SEEN, ...NOW_AT_ONCE });

  it('decides about that cluster, ours or another, and about no other', async () => {
    add(7);
    add(8, { cluster: 'kafka' });
    await expect(handlers().approve(order(7), limited('kafka'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(handlers().reject({ recommendation: 8, note: 'no' }, limited('.'))).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(handlers().read({ recommendation: 8 }, limited('.'))).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect([...records.values()].map(({ state }) => state)).toEqual(['open', 'open']);
    expect(await handlers().approve(order(7), limited('.'))).toMatchObject({ decidedBy: 'bob@example.org' });
  });

  it('approves none of several where one is of another cluster', async () => {
    add(7);
    add(8, { cluster: 'kafka' });
    const requests = [7, 8].map((recommendation) => ({ recommendation, ...SEEN }));
    await expect(handlers().approveSeveral({ requests, ...NOW_AT_ONCE }, limited('.'))).rejects.toMatchObject(
      { code: 'forbidden' },
    );
    expect(records.get(7)!.state).toBe('open');
  });
});

describe('with four eyes', () => {
  const person = (name: string) =>
    callerOf({ ...callerNamed(name).principal, kind: 'person' }, callerNamed(name).origin);
  const [ANN, BEN] = [person('ann'), person('ben')] as const;
  const ofToken = (name: string, owner?: string) =>
    callerOf({ ...ANN.principal, kind: 'token', name, owner }, ANN.origin);
  const order = { recommendation: 7, ...SEEN, ...NOW_AT_ONCE };

  beforeEach(() => {
    fourEyes = true;
    add(7);
  });

  it('the first of two approves nothing alone, also not twice and not with a token of theirs', async () => {
    expect(await handlers().approve(order, ANN)).toMatchObject({
      state: 'open',
      firstApproval: { by: 'ann', at: new Date(NOW).toISOString() },
    });
    const alone = { code: 'conflict', message: expect.stringContaining('ann approved it first') };
    await expect(handlers().approve(order, ANN)).rejects.toMatchObject(alone);
    await expect(handlers().approve(order, ofToken('deploy', 'ann'))).rejects.toMatchObject(alone);
    expect(records.get(7)!.state).toBe('open');
  });

  it.each([
    ['a token without an owner', ofToken('old'), 'token:old'],
    ['a process, as "--direct" is one', callerNamed('command line'), 'command line'],
  ])('%s is no person: neither the first nor the second', async (_, nobody, actor) => {
    const refused = {
      code: 'conflict',
      message: expect.stringContaining(`four eyes, and ${actor} is no person: approve at the console`),
    };
    await expect(handlers().approve(order, nobody)).rejects.toMatchObject(refused);
    expect(records.get(7)!.firstApproval).toBeNull();
    await handlers().approve(order, ANN);
    await expect(handlers().approve(order, nobody)).rejects.toMatchObject(refused);
    expect(records.get(7)!.state).toBe('open');
  });

  it('without four eyes they approve', async () => {
    fourEyes = false;
    expect(await handlers().approve(order, ofToken('old'))).toMatchObject({ state: 'approved' });
  });

  it('the second one approves', async () => {
    await handlers().approve(order, ofToken('deploy', 'ann'));
    expect(await handlers().approve(order, BEN)).toMatchObject({ state: 'approved', decidedBy: 'ben' });
  });

  it('of several the answer says which wait for a second person', async () => {
    add(8, { firstApproval: { by: 'ben', atMs: NOW } });
    const requests = [7, 8].map((recommendation) => ({ recommendation, ...SEEN }));
    expect((await handlers().approveSeveral({ requests, ...NOW_AT_ONCE }, ANN)).results).toMatchObject([
      { recommendation: 7, result: 'awaits-second' },
      { recommendation: 8, result: 'approved' },
    ]);
  });
});
