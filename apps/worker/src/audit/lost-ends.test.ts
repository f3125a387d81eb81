import { MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import { type EffectProof, type OpenOrder, UNDER_WAY_MS_MAX } from '@foreshard/core/audit';
import { addHost } from '@foreshard/core/topology';
import { beforeEach, expect, it } from 'vitest';
import { LostEnds } from './lost-ends.ts';

const START_MS = Date.parse('2026-11-23T12:00:00Z');
const MINUTE_MS = 60_000;

let nowMs: number;
let topology: MemoryTopologyStore;
let version: number;
let open: OpenOrder[];
let carriedOut: [string, EffectProof][];
let ends: LostEnds;

beforeEach(() => {
  [nowMs, version, open, carriedOut] = [START_MS, 0, [], []];
  topology = new MemoryTopologyStore({ nowMicros: () => nowMs * 1_000 });
  ends = new LostEnds({
    orders: {
      openBetween: async (from, to, limit) => open.filter(({ at }) => at >= from && at < to).slice(0, limit),
      carriedOut: async (id, proof) => void carriedOut.push([id, proof]),
      forgetEffects: async () => 0,
    },
    topology,
    versionNow: () => version,
    nowMs: () => nowMs,
  });
});

async function decided(name: string, auditRow?: string): Promise<void> {
  const host = { name, url: `redis://${name}.test:1`, incarnation: name };
  const decision = addHost({ ...host, engine: 'redis', durability: 'always' });
  const reply = await topology.decide(decision, 'ann', auditRow);
  if (reply.kind === 'decided') version = reply.version;
}

it('an order that a change names was carried out, and no other', async () => {
  open = ['7', '8'].map((id) => ({ id, at: new Date(nowMs), changedAt: null }));
  await decided('before');
  await decided('a', '7');
  await decided('b', '9');
  nowMs += UNDER_WAY_MS_MAX + 1;
  expect(await ends.settle()).toBe(1);
  expect(carriedOut).toEqual([['7', { kind: 'topology', version: 2 }]]);
});

it('is not judged while it may be under way, and once afterwards', async () => {
  open = [{ id: '7', at: new Date(nowMs), changedAt: null }];
  await decided('a', '7');
  nowMs += UNDER_WAY_MS_MAX - 1;
  expect(await ends.settle()).toBe(0);
  nowMs += MINUTE_MS;
  expect([await ends.settle(), await ends.settle()]).toEqual([1, 0]);
});

it('is found among many others', async () => {
  const lost = Array.from({ length: 150 }, (_, i) => ({
    id: String(i),
    at: new Date(nowMs + i),
    changedAt: null,
  }));
  open = lost;
  await decided('a', '149');
  nowMs += UNDER_WAY_MS_MAX + MINUTE_MS;
  expect([await ends.settle(), await ends.settle()]).toEqual([0, 1]);
});

it('one that changed something in PostgreSQL was carried out, although it decided nothing about the topology', async () => {
  const changedAt = new Date(nowMs + 5);
  open = [{ id: '7', at: new Date(nowMs), changedAt }];
  nowMs += UNDER_WAY_MS_MAX + 1;
  expect(await ends.settle()).toBe(1);
  expect(carriedOut).toEqual([['7', { kind: 'database', at: changedAt }]]);
});
