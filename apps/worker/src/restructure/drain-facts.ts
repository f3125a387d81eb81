/**
 * How full the hosts are and how much load each shardlet has had lately, for the places that a drain chooses.
 * Whatever is not known is left out: a drain must get on also without telemetry.
 */
import type { DrainFacts } from '@foreshard/core/migration';
import { type BlockStore, HOST_USAGE_KEY, hostUsageSchema, TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';

/** Some whole minutes: load of now, without its noise. */
const LOOK_BACK_MS = 5 * 60_000;

export function drainFacts(
  redis: Pick<Redis, 'hgetall'>,
  blocks: Pick<BlockStore, 'read'>,
  nowMs: () => number,
) {
  return async (map: TopologyMap): Promise<DrainFacts> => {
    const [fills, loads] = await Promise.all([
      fillsOf(redis).catch(() => new Map<number, number>()),
      loadsOf(map, blocks, nowMs).catch(() => new Map<number, number>()),
    ]);
    return { fills, loads };
  };
}

async function fillsOf(redis: Pick<Redis, 'hgetall'>): Promise<Map<number, number>> {
  const fills = new Map<number, number>();
  for (const [id, text] of Object.entries(await redis.hgetall(HOST_USAGE_KEY))) {
    const { usedBytes, limitBytes } = hostUsageSchema.parse(JSON.parse(text));
    if (usedBytes !== undefined && limitBytes !== undefined) fills.set(Number(id), usedBytes / limitBytes);
  }
  return fills;
}

async function loadsOf(
  map: TopologyMap,
  blocks: Pick<BlockStore, 'read'>,
  nowMs: () => number,
): Promise<Map<number, number>> {
  const telemetry = new TelemetryStore({ blocks, map: () => map, nowMs });
  const loads = new Map<number, number>();
  const toMs = nowMs();
  for (const { id: streamId } of map.streams()) {
    const window = { streamId, metric: 'events', fromMs: toMs - LOOK_BACK_MS, toMs, step: 'minute' } as const;
    const { shardlets, steps, values } = await telemetry.matrix(window);
    for (const [i, shardlet] of shardlets.entries()) {
      const own = values.subarray(i * steps, (i + 1) * steps);
      loads.set(
        shardlet,
        own.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0),
      );
    }
  }
  return loads;
}
