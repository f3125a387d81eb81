/**
 * Fills a host with events of known ids before a measurement: deduplication is cheap on an empty set. The
 * events are small (their payload is not measured) and go straight to the host, without waiting for the
 * disk; the host's durability is set back before anything is measured.
 */
import { connectRedisHost } from '@foreshard/core/adapters/redis';
import { type AppendGroup, FRAME_HEADER_BYTES, writeFrame } from '@foreshard/core/hosts';
import { hashKey, identify } from '@foreshard/core/keyspace';
import { RouteTable } from '@foreshard/core/routing';
import type { Topology } from '@foreshard/core/topology';
import { Redis } from 'ioredis';

const PER_CALL = 20_000;
const PAYLOAD = Buffer.from('{}');
const FRAME_BYTES = FRAME_HEADER_BYTES + PAYLOAD.length;
const KEYS = 1_000_000;
const DEDUP = { windowMicros: 7 * 86_400 * 1e6, leadMicros: 60 * 1e6 };

export async function preload(url: string, topology: Topology, ids: number): Promise<void> {
  if (ids === 0) return;
  const admin = new Redis(url);
  const host = await connectRedisHost({ url, expectedIncarnation: undefined, callTimeoutMs: 60_000 });
  // after the adapter has looked: it refuses a host that does not wait for its disk
  await admin.config('SET', 'appendfsync', 'no');
  const table = new RouteTable(topology.shardlets);
  for (let done = 0; done < ids; done += PER_CALL) {
    const replies = await host.append(groups(table, done, Math.min(PER_CALL, ids - done)));
    const refused = replies.find((reply) => reply.kind !== 'appended');
    if (refused !== undefined) throw new Error(`preloading: ${JSON.stringify(refused)}`);
    if (done % 1_000_000 === 0)
      process.stderr.write(`  preloaded ${done / 1e6} of ${ids / 1e6} million ids\n`);
  }
  await host.close();
  await admin.config('SET', 'appendfsync', 'always');
  admin.disconnect();
}

function groups(table: RouteTable, from: number, count: number): AppendGroup[] {
  const byShardlet = new Map<number, { readonly epoch: number; readonly frames: Buffer[] }>();
  const identity = new Uint32Array(4);
  for (let i = from; i < from + count; i++) {
    const keyHash = hashKey(`preload-${i % KEYS}`);
    identify(keyHash, '/preload', String(i), identity);
    const frame = Buffer.alloc(FRAME_BYTES);
    writeFrame(frame, 0, keyHash, identity, PAYLOAD, 0, PAYLOAD.length);
    const row = table.find(keyHash, identity[0]!);
    const shardlet = table.shardletAt(row);
    const group = byShardlet.get(shardlet);
    if (group === undefined) byShardlet.set(shardlet, { epoch: table.epochAt(row), frames: [frame] });
    else group.frames.push(frame);
  }
  return [...byShardlet].map(([shardlet, { epoch, frames }]) => ({
    shardlet,
    epoch,
    edgeTs: Date.now() * 1_000,
    tokenTs: 0,
    dedup: DEDUP,
    frames: Buffer.concat(frames),
    count: frames.length,
  }));
}
