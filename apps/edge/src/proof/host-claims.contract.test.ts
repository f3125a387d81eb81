/** Two edges' connections to one real Redis, which goes back to what its standby has, as the same process. */
import { join } from 'node:path';
import { HostPool } from '@foreshard/core/adapters/event-hosts';
import { MemoryHostProofs } from '@foreshard/core/adapters/memory';
import { connectRedisHost } from '@foreshard/core/adapters/redis';
import { type AppendReply, FRAME_HEADER_BYTES, writeFrame } from '@foreshard/core/hosts';
import { WHOLE } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, type Host, NO_FACTS, TopologyMap } from '@foreshard/core/topology';
import { type LocalServer, startRedis, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HostClaims, LastAcknowledged } from './index.ts';

const DEDUP = { windowMicros: 900_000_000, leadMicros: 60_000_000 };

let folder: { path: string; remove(): Promise<void> };
let primary: LocalServer;
let standby: LocalServer;

beforeAll(async () => {
  folder = await temporaryFolder('claims');
  [primary, standby] = (await Promise.all(
    ['primary', 'standby'].map((name) =>
      startRedis({ dir: join(folder.path, name), config: { 'repl-diskless-sync-delay': '0' } }),
    ),
  )) as [LocalServer, LocalServer];
});
afterAll(async () => {
  await Promise.all([primary?.stop(), standby?.stop()]);
  await folder?.remove();
});

async function hostRow(): Promise<Host> {
  const host = await connectRedisHost({ url: primary.url, expectedIncarnation: undefined });
  await host.adopt(1);
  await host.createOpen(1, 5, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
  const { incarnation } = await host.identify();
  await host.close();
  return {
    ...{ id: 1, name: 'a', engine: 'redis', url: primary.url, incarnation, generation: 0 },
    ...{ durability: 'always', state: 'active', ...NO_FACTS },
  };
}

let events = 0;

async function append(pool: HostPool): Promise<Extract<AppendReply, { kind: 'appended' }>> {
  const payload = Buffer.from(`{"n":${++events}}`);
  const frames = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frames, 0, 1, Uint32Array.of(1, events, 3, 4), payload, 0, payload.length);
  const edgeTs = Date.now() * 1_000;
  const group = { shardlet: 1, epoch: 5, edgeTs, tokenTs: 0, dedup: DEDUP, frames, count: 1 };
  const [reply] = await (await pool.get(1)).append([group]);
  if (reply?.kind !== 'appended') throw new Error(JSON.stringify(reply));
  return reply;
}

function edgeOver(map: TopologyMap, claimant: string, proofs: MemoryHostProofs) {
  const pool = new HostPool(map);
  const acknowledged = new LastAcknowledged();
  const claims = new HostClaims({
    usedAgain: () => {},
    ...{ hosts: () => map.hosts(), watch: (id: number) => pool.watch(id), acknowledged, proofs, claimant },
    ...{ nowMs: Date.now, monotonicMs: () => performance.now() },
    observer: { regressed() {}, unanswered() {} },
  });
  return { pool, acknowledged, claims };
}

async function replicaOf(server: Redis, of: LocalServer | undefined): Promise<void> {
  if (of === undefined) await server.replicaof('NO', 'ONE');
  else await server.replicaof('127.0.0.1', of.port);
}

async function linkedTo(server: Redis): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await server.info('replication')).includes('master_link_status:up')) {
    if (Date.now() > deadline) throw new Error('the standby does not follow');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('the edge that was acknowledged the lost events refuses the host and says what it saw; the other goes on', async () => {
  const map = new TopologyMap({ ...EMPTY_TOPOLOGY, hosts: [await hostRow()] });
  const proofs = new MemoryHostProofs();
  const busy = edgeOver(map, 'edge-1', proofs);
  const idle = edgeOver(map, 'edge-2', proofs);
  const [engine, other] = [new Redis(primary.url), new Redis(standby.url)];
  try {
    await append(idle.pool);
    await replicaOf(other, primary);
    await linkedTo(other);
    await replicaOf(other, undefined);
    const runBefore = /run_id:(\w+)/.exec(await engine.info('server'))![1];
    for (let i = 0; i < 3; i++) {
      const { firstSeq, firstTs } = await append(busy.pool);
      busy.acknowledged.note(1, 1, 5, firstSeq, firstTs);
    }
    // demoted to a replica of what the standby has, and promoted again: the same process, three events less
    await replicaOf(engine, standby);
    await linkedTo(engine);
    await replicaOf(engine, undefined);
    expect(/run_id:(\w+)/.exec(await engine.info('server'))![1]).toBe(runBefore);

    const { count } = await idle.pool.get(1).then(async (host) => (await host.identify()).progress);
    await expect(append(busy.pool)).rejects.toMatchObject({ name: 'HostUnreachable', reason: 'regressed' });
    await expect(append(busy.pool)).rejects.toMatchObject({ reason: 'regressed' });
    const { seen, answered } = busy.pool.watch(1)!.regression!;
    expect(seen - count).toBe(3);
    for (const { claims } of [busy, idle]) claims.look();
    await expect.poll(() => proofs.claims()).toHaveLength(1);
    expect((await proofs.claims())[0]).toMatchObject({
      ...{ host: 1, claimant: 'edge-1', generation: 0, seen, answered },
      acknowledged: { shardlet: 1, epoch: 5, seq: 4 },
    });
    // the edge that had seen less has nothing to claim
    expect((await append(idle.pool)).stored).toBe(1);

    await proofs.answer({ host: 1, claimant: 'edge-1' }, 'denied');
    busy.claims.look();
    await expect.poll(() => busy.pool.watch(1)!.regression).toBeUndefined();
    expect((await append(busy.pool)).stored).toBe(1);
  } finally {
    await Promise.all([busy.pool.close(), idle.pool.close()]);
    engine.disconnect();
    other.disconnect();
  }
}, 60_000);
