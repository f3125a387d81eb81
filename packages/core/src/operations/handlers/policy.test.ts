import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY_VERSION, type PolicyStore, type PolicyVersion } from '../../advising/index.ts';
import { type Policy, policySchema } from '../../planning/index.ts';
import { callerNamed } from './caller.fixture.ts';
import { type PolicyStores, policyHandlers } from './policy.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const LATER = '2026-11-23T12:00:00.000Z';
const ANN = callerNamed('ann');
const TRIED = callerNamed('ann', true);

let stored: PolicyVersion[];
let woken: string[];
let handlers: ReturnType<typeof policyHandlers>;

beforeEach(() => {
  stored = [];
  woken = [];
  const policies: PolicyStore = {
    at: async (ms) => stored.find(({ effectiveMs }) => effectiveMs <= ms) ?? DEFAULT_POLICY_VERSION,
    versions: async (limit) => stored.slice(0, limit),
    add: async ({ from, ...made }) => {
      if (from !== (stored[0]?.version ?? 0)) return undefined;
      stored.unshift({ version: from + 1, ...made });
      return stored[0];
    },
  };
  const stores = {
    ...{ policies, nowMs: () => NOW, wake: async (job: string) => void woken.push(job) },
    topology: { snapshot: async () => ({ streams: [{ name: 'main' }] }) },
    clusters: { list: async () => [{ name: 'shop' }] },
  };
  handlers = policyHandlers(stores as unknown as PolicyStores);
});

const settings = (more: object): Policy => policySchema.parse(more);
const change = (from: number, more: object = {}, caller = ANN, policy = settings({ name: 'ours' })) =>
  handlers.change({ from, policy, note: 'why', callsOff: false, ...more }, caller);

describe('a change of the policy', () => {
  it('is a new version, and has it planned by', async () => {
    expect(await change(0)).toMatchObject({
      ...{ version: 1, actor: 'ann', note: 'why', policy: { name: 'ours' }, absent: [] },
      effectiveAt: new Date(NOW).toISOString(),
    });
    expect(woken).toContain('plan');
  });

  it('that is only tried changes nothing, and is refused as the change would be', async () => {
    expect(await change(0, {}, TRIED)).toMatchObject({ version: 1, policy: { name: 'ours' } });
    await expect(change(3, {}, TRIED)).rejects.toMatchObject({ code: 'conflict' });
    expect([stored, woken]).toEqual([[], []]);
  });

  it('made from what is not the newest, or for before a version that is to come, is a conflict', async () => {
    await change(0, { effectiveAt: LATER });
    await expect(change(0)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Somebody has changed the policy meanwhile'),
    });
    await expect(change(1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('holds only from'),
    });
    expect(await change(1, { callsOff: true })).toMatchObject({ version: 2 });
  });

  it('whose settings exclude each other is refused at the policy', async () => {
    const policy = settings({ budget: { copy_bytes_low: 2e9, copy_bytes_high: 1e9 } });
    await expect(change(0, {}, ANN, policy)).rejects.toMatchObject({
      ...{ code: 'invalid_record', pointer: '/policy' },
    });
  });

  it('names what is not there of what the policy speaks of', async () => {
    const scopes = [
      { stream: 'main', mode: 'ask' },
      { stream: 'mian', mode: 'ask' },
      { cluster: 'shop', mode: 'ask' },
      { cluster: 'depot', mode: 'ask' },
    ];
    const { absent } = await change(0, {}, ANN, settings({ scopes }));
    expect(absent).toEqual(['stream mian', 'cluster depot']);
  });
});

describe('a way back', () => {
  const rollBack = (from: number, to: number, note = '') => handlers.rollBack({ from, to, note }, ANN);

  it('lets an earlier version hold again, and calls off what was to come', async () => {
    await change(0);
    await change(1, { effectiveAt: LATER }, ANN, settings({ name: 'next week' }));
    expect(await rollBack(2, 1)).toMatchObject({
      ...{ version: 3, policy: { name: 'ours' }, note: 'back to version 1' },
      effectiveAt: new Date(NOW).toISOString(),
    });
    expect(await rollBack(3, 0, 'all of it')).toMatchObject({
      ...{ policy: { name: 'default' }, note: 'all of it' },
    });
  });

  it('is refused to a version that never was, and to whoever has not seen the newest', async () => {
    await change(0);
    await expect(rollBack(1, 9)).rejects.toMatchObject({ code: 'not_found', pointer: '/to' });
    await expect(rollBack(0, 0)).rejects.toMatchObject({ code: 'conflict' });
  });
});

it('the policy that holds comes with the newest; the defaults were never made', async () => {
  expect(await handlers.read({}, ANN)).toMatchObject({
    holding: { version: 0, createdAt: null, effectiveAt: null },
    newest: { version: 0 },
  });
  await change(0, { effectiveAt: LATER });
  expect(await handlers.read({}, ANN)).toMatchObject({
    holding: { version: 0 },
    newest: { version: 1, effectiveAt: LATER },
  });
});
