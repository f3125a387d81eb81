/**
 * A host went back to an older state and has counted as much since, so no count shows it: what this edge had read ahead
 * for one follower must not make another one miss what has those numbers now.
 */

import { MemoryHost } from '@foreshard/core/adapters/memory';
import { CachedReads } from '@foreshard/core/caching';
import { Frontiers } from '@foreshard/core/heads';
import { framePayload, writeFrame } from '@foreshard/core/hosts';
import { ManualClock, MICROS_PER_SECOND } from '@foreshard/core/kernel';
import { WHOLE } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, type Host, NO_FACTS, TopologyMap } from '@foreshard/core/topology';
import { beforeEach, expect, it } from 'vitest';
import type { EdgeMap } from '../map/edge-map.ts';
import type { LogCursor } from './log/cursor.ts';
import { LogService } from './log/log-service.ts';

const DEDUP = { windowMicros: 10 * MICROS_PER_SECOND, leadMicros: MICROS_PER_SECOND };
const SPEC = { stream: 1, range: WHOLE, dedup: DEDUP };
const STREAM = {
  ...{ id: 1, name: 'main', shardCount: 1, splitKeys: false, dedupWindowMs: 180_000 },
  ...{ retentionMs: null, retentionBytes: null },
};
const HOST: Host = {
  ...{ id: 1, name: 'h1', engine: 'redis', url: 'redis://h1', incarnation: 'memory', generation: 0 },
  ...{ durability: 'always', state: 'active', ...NO_FACTS },
};

let clock: ManualClock;
let host: MemoryHost;

beforeEach(async () => {
  clock = new ManualClock(1_000 * MICROS_PER_SECOND);
  host = await hostWith(0);
});

/** A host with that many records of shardlet 1, and more changes than any that was asked before. */
async function hostWith(records: number): Promise<MemoryHost> {
  const made = new MemoryHost(clock);
  host = made;
  await made.createOpen(1, 1, SPEC, []);
  for (let n = 1; n <= records; n++) await append(n);
  return made;
}

async function append(n: number, on = [host]): Promise<void> {
  const payload = new TextEncoder().encode(`{"id":"${n}"}`);
  const frames = new Uint8Array(32 + payload.length);
  writeFrame(frames, 0, n, Uint32Array.from([n, n, n, n]), payload, 0, payload.length);
  const edgeTs = clock.nowMicros();
  for (const each of on)
    await each.append([{ shardlet: 1, epoch: 1, edgeTs, tokenTs: 0, dedup: DEDUP, frames, count: 1 }]);
  clock.advance(MICROS_PER_SECOND);
}

function edge(...ids: number[]) {
  const shardlets = ids.map((id) => ({
    ...{ id, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1 },
    ...{ state: { kind: 'open' } as const, parents: [], lost: [] },
  }));
  const topology = new TopologyMap({
    ...EMPTY_TOPOLOGY,
    ...{ streams: [STREAM], hosts: [HOST], shardlets },
  });
  const onChange = topology.onChange.bind(topology);
  const map = { topology, refresh: async () => {}, onChange } as unknown as EdgeMap;
  const hosts = { get: async () => host };
  const frontiers = new Frontiers({ hosts, map, nowMs: () => performance.now() });
  const reads = new CachedReads({ map: topology, host: hosts.get, frontiers, bytesMax: 1_000_000 });
  const log = new LogService({ map, hosts, frontiers, reads, clock, closing: new AbortController().signal });
  return (from: LogCursor | 'oldest', limit = 1_000) =>
    log.page({ stream: STREAM, from, limit, waitMs: 0, skip: new Set<number>() });
}

/** Its next read shows two records more than its answer did; then it is in another state. */
function setBackByNextRead(older: MemoryHost): void {
  const read = host.read.bind(host);
  host.read = async (...args) => {
    await append(6);
    await append(7);
    const reply = await read(...args);
    host = older;
    return reply;
  };
}

const seqs = (page: { readonly records: readonly { readonly seq: number }[] }) =>
  page.records.map(({ seq }) => seq);

const events = (page: { readonly records: readonly { readonly frame: Uint8Array }[] }) =>
  page.records.map(
    ({ frame }) => (JSON.parse(new TextDecoder().decode(framePayload(frame))) as { id: string }).id,
  );

it('every follower of a shared tail is given what was stored at numbers that one of them had passed', async () => {
  const [first, second] = [edge(1), edge(1)];
  for (let n = 1; n <= 7; n++) await append(n);
  const ahead = await first('oldest');
  expect(seqs(await first(ahead.cursor))).toEqual([]);

  host = await hostWith(5);
  for (let id = 100; id < 130; id++) await host.createOpen(id, 1, SPEC, []);
  const other = await second('oldest');
  expect(seqs(other)).toEqual([1, 2, 3, 4, 5]);
  const { cursor } = await second(other.cursor);

  await append(106);
  const held = await first(cursor);
  expect([seqs(held), held.waitingFor]).toEqual([[], [1]]);
  await append(107);
  await append(108);
  expect(seqs(await first(held.cursor))).toEqual([6, 7, 8]);
});

it('an answer that shows less than was read before it counts, though it shows more than the one before', async () => {
  // nothing is stored in the second: its host has to promise that before more is given out
  const follow = edge(1, 2);
  const live = host;
  await live.createOpen(2, 1, SPEC, []);
  const older = await hostWith(0);
  for (let n = 1; n <= 5; n++) await append(n, [live, older]);
  for (let id = 2; id < 130; id++) await older.createOpen(id, 1, SPEC, []);
  await append(106, [older]);
  host = live;
  setBackByNextRead(older);
  const ahead = await follow('oldest');
  const next = await follow(ahead.cursor);
  await append(107);
  await append(108);
  const pages = [ahead, next, await follow(next.cursor)];
  expect(pages.flatMap(events)).toEqual(['1', '2', '3', '4', '5', '106', '107', '108']);
});
