/** Flushes and a small stream for tests: what an edge would have told, second by second. */
import { MemoryTopologyStore } from '../adapters/memory/index.ts';
import { ManualClock } from '../kernel/index.ts';
import {
  addHost,
  createStream,
  type HostDescription,
  settleOpening,
  TopologyMap,
} from '../topology/index.ts';
import type { BlockStore } from './block-store.ts';
import { type DueHour, isDue, rollUpHour } from './hour-roll-up.ts';
import { RETENTION_DEFAULT } from './levels.ts';
import { LoadCounters } from './load-counters.ts';
import { type LoadFlush, openFlush, packFlush } from './load-flush.ts';
import { MinuteRollUp } from './minute-roll-up.ts';

/** Some full hour. */
export const T0_MS = 1_800_000_000_000 - (1_800_000_000_000 % 86_400_000);

/** One stream of `shardCount` open shardlets. */
export async function streamMap(shardCount = 4, described: HostDescription = {}): Promise<TopologyMap> {
  const store = new MemoryTopologyStore(new ManualClock(T0_MS * 1_000));
  const host = { name: 'a', engine: 'redis', url: 'redis://127.0.0.1:1', incarnation: 'x' } as const;
  await store.decide(addHost({ ...host, ...described, durability: 'always' }), 'test');
  await store.decide(createStream({ name: 'main', shardCount }), 'test');
  for (const { id, epoch } of (await store.snapshot()).shardlets)
    await store.decide(settleOpening(id, epoch), 'test');
  return new TopologyMap(await store.snapshot());
}

export type Count = (counters: LoadCounters) => void;

export function flushAt(atMs: number, count: Count, edge = 'edge-1'): LoadFlush {
  const counters = new LoadCounters(edge, 1);
  count(counters);
  return counters.flush(atMs);
}

/** As the worker does it, in one transaction. */
export async function record(
  blocks: BlockStore,
  map: TopologyMap,
  flushes: readonly LoadFlush[],
  nowMs: number,
): Promise<void> {
  await blocks.exclusively('load', async (tx) => {
    const rollUp = new MinuteRollUp((id) => map.shardlet(id)?.stream, nowMs, RETENTION_DEFAULT.minute);
    for (const flush of flushes) rollUp.add(openFlush(packFlush(flush)));
    await rollUp.write(
      tx,
      nowMs,
      map.streams().map((s) => s.id),
    );
  });
}

export async function rollUpHours(blocks: BlockStore, map: TopologyMap, nowMs: number): Promise<void> {
  await blocks.exclusively('load', async (tx) => {
    const due: DueHour[] = [];
    for (const stream of [0, ...map.streams().map((s) => s.id)])
      due.push(...(await tx.read({ stream, level: 'hour', parts: ['due'], fromMs: 0, toMs: nowMs })));
    for (const hour of due.filter((h) => isDue(h, nowMs))) await rollUpHour(tx, hour, nowMs);
  });
}
