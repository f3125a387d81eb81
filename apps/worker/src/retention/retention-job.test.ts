/** The retention of a stream on a memory host whose clock is not ours. */
import { MemoryHost } from '@foreshard/core/adapters/memory';
import { writeFrame } from '@foreshard/core/hosts';
import { ManualClock, MICROS_PER_MS } from '@foreshard/core/kernel';
import { WHOLE } from '@foreshard/core/keyspace';
import type { Overtaken } from '@foreshard/core/retention';
import { EMPTY_TOPOLOGY, NO_FACTS, TopologyMap } from '@foreshard/core/topology';
import { expect, it } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { silent } from '../testing/real-cluster.ts';
import { RetentionJob } from './retention-job.ts';

const HOUR = 3_600_000;
const YEAR = 8_766 * HOUR;
const NOW = Date.parse('2026-11-23T04:00:00Z');
const DEDUP = { windowMicros: 180_000 * MICROS_PER_MS, leadMicros: 60_000 * MICROS_PER_MS };
const STREAM = { id: 1, name: 'main', shardCount: 1, splitKeys: false, dedupWindowMs: 180_000 };
const topology = new TopologyMap({
  ...EMPTY_TOPOLOGY,
  streams: [{ ...STREAM, retentionMs: HOUR, retentionBytes: null }],
  hosts: [
    {
      ...{ id: 1, name: 'h1', engine: 'redis', url: 'redis://h1', incarnation: 'memory', generation: 0 },
      ...{ durability: 'always', state: 'active', ...NO_FACTS },
    },
  ],
  shardlets: [
    {
      ...{ id: 1, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1 },
      ...{ state: { kind: 'open' }, parents: [], lost: [] },
    },
  ],
});

it.each([
  ['the clock of a host jumps a year ahead', YEAR, 0, 1],
  ['our clock jumps a year ahead', 0, YEAR, 1],
  ['both clocks tell that their time is over', HOUR, HOUR, 11],
])('takes only what is old by both clocks: %s', async (_, hostAheadMs, aheadMs, firstSeq) => {
  const clock = new ManualClock(NOW * MICROS_PER_MS);
  const host = new MemoryHost(clock);
  await host.createOpen(1, 1, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
  const frames = Buffer.concat(Array.from({ length: 10 }, (_, i) => frame(i)));
  const group = { shardlet: 1, epoch: 1, edgeTs: clock.nowMicros(), tokenTs: 0, dedup: DEDUP };
  await host.append([{ ...group, frames, count: 10 }]);
  clock.advance((hostAheadMs + 1_000) * MICROS_PER_MS);
  await new RetentionJob({
    follower: { upToDate: async () => topology },
    topology: { decide: () => expect.fail('nothing is over') },
    doors: { trusted: async () => host },
    metrics: createMetrics(),
    log: silent,
    nowMs: () => NOW + aheadMs + 1_000,
    actor: 'test',
  }).run(new AbortController().signal);
  expect(await host.describe(1)).toMatchObject({ firstSeq, lastSeq: 10 });
});

it.each([
  ['keeps what a recovery would replay where a group holds it', true, 5],
  ['takes it where no group does, and reports it', false, 11],
])('%s', async (_, holds, firstSeq) => {
  const clock = new ManualClock(NOW * MICROS_PER_MS);
  const host = new MemoryHost(clock);
  await host.createOpen(1, 1, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
  const frames = Buffer.concat(Array.from({ length: 10 }, (_, i) => frame(i)));
  const group = { shardlet: 1, epoch: 1, edgeTs: clock.nowMicros(), tokenTs: 0, dedup: DEDUP };
  await host.append([{ ...group, frames, count: 10 }]);
  const reports: (readonly Overtaken[])[] = [];
  const run = () =>
    new RetentionJob({
      follower: { upToDate: async () => topology },
      topology: { decide: () => expect.fail('nothing is over') },
      doors: { trusted: async () => host },
      state: {
        floors: async () => new Map([[1, [{ group: 'g', seq: 4, holds }]]]),
        report: async (found) => void reports.push(found),
      },
      metrics: createMetrics(),
      log: silent,
      nowMs: () => clock.nowMicros() / MICROS_PER_MS,
      actor: 'test',
    }).run(new AbortController().signal);
  await run();
  expect(reports).toEqual([[]]);
  // they go in a few minutes
  clock.advance((HOUR - 240_000) * MICROS_PER_MS);
  await run();
  const found = { group: 'g', stream: 'main', holds, shardlets: 1, events: 6 };
  expect(reports.at(-1)).toEqual([found]);
  expect(await host.describe(1)).toMatchObject({ firstSeq: 1 });
  clock.advance(241_000 * MICROS_PER_MS);
  await run();
  expect(await host.describe(1)).toMatchObject({ firstSeq, lastSeq: 10 });
  expect(reports.at(-1)).toEqual([found]);
});

function frame(n: number): Uint8Array {
  const payload = new TextEncoder().encode(`{"id":"${n}"}`);
  const bytes = new Uint8Array(32 + payload.length);
  writeFrame(bytes, 0, n, Uint32Array.from([n, n, n, n]), payload, 0, payload.length);
  return bytes;
}
