/** How many events shardlets took within the last minutes, from what edges tell each second: exact, and newer than any roll-up. */
import type { Redis } from 'ioredis';
import type { RecentLoad } from '../../demo/index.ts';
import { LOAD_FLUSH_FIELD, LOAD_STREAM_KEY, unpackFlush } from '../../telemetry/index.ts';

/** The stream keeps at least that of two edges. */
const LOOKED_AT_MS = 120_000;
/** An edge tells every second; one that was restarted has another id. */
const LIVING_MS = 5_000;

export async function recentLoad(redis: Redis, nowMs: number): Promise<RecentLoad> {
  const rows = (await redis.xrangeBuffer(LOAD_STREAM_KEY, `${nowMs - LOOKED_AT_MS}-0`, '+')) as [
    Buffer,
    Buffer[],
  ][];
  const events = new Map<number, number>();
  const edges = new Set<string>();
  for (const [id, [field, value]] of rows) {
    if (field?.toString() !== LOAD_FLUSH_FIELD || value === undefined) continue;
    const flush = unpackFlush(value);
    if (Number.parseInt(id.toString(), 10) >= nowMs - LIVING_MS) edges.add(flush.edge);
    for (const [shardlet, load] of flush.loads)
      events.set(shardlet, (events.get(shardlet) ?? 0) + load.events);
  }
  return { seconds: LOOKED_AT_MS / 1_000, events, edges: edges.size };
}
