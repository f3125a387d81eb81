/**
 * How full the hosts are, which of them are away, and how much load each shardlet has had lately: for the places
 * that a drain chooses, and for previews of it. Whatever is not known is left out: a drain must get on also without
 * telemetry.
 */
import type { Redis } from 'ioredis';
import type { DrainFacts } from '../../moves/index.ts';
import {
  type BlockStore,
  HOST_USAGE_KEY,
  type HostUsageReport,
  hostUsageSchema,
  MINUTE_MS,
  TelemetryStore,
} from '../../telemetry/index.ts';
import type { TopologyMap } from '../../topology/index.ts';
import { readHostAlarms } from './host-alarms.ts';

/** Some whole minutes: load of now, without its noise. */
const LOOK_BACK_MS = 5 * MINUTE_MS;
/** Hosts are measured every ten seconds: an older report tells nothing of whether its host answers now. */
const REPORT_AGE_MAX_MS = MINUTE_MS;

export function drainFacts(
  redis: Pick<Redis, 'hgetall'>,
  blocks: Pick<BlockStore, 'read'>,
  nowMs: () => number,
) {
  return async (map: TopologyMap): Promise<DrainFacts> => {
    const [reports, away, loads] = await Promise.all([
      reportsOf(redis).catch(() => new Map<number, HostUsageReport>()),
      alarmsOf(redis).catch(() => new Map<number, string>()),
      loadsOf(map, blocks, nowMs).catch(() => new Map<number, number>()),
    ]);
    for (const [id, report] of reports)
      if (!away.has(id) && isRecent(report, nowMs()) && !isUsable(report)) away.set(id, whyAway(report));
    return { fills: fillsOf(reports), loads, away };
  };
}

async function reportsOf(redis: Pick<Redis, 'hgetall'>): Promise<Map<number, HostUsageReport>> {
  const texts = Object.entries(await redis.hgetall(HOST_USAGE_KEY));
  return new Map(texts.map(([id, text]) => [Number(id), hostUsageSchema.parse(JSON.parse(text))]));
}

async function alarmsOf(redis: Pick<Redis, 'hgetall'>): Promise<Map<number, string>> {
  const alarms = [...(await readHostAlarms(redis))];
  return new Map(alarms.map(([host, { reason }]) => [host, `waits for an operator (alarm "${reason}")`]));
}

function isRecent({ measuredAtMs }: HostUsageReport, nowMs: number): boolean {
  return nowMs - measuredAtMs <= REPORT_AGE_MAX_MS;
}

function isUsable({ reachable, incarnationKnown }: HostUsageReport): boolean {
  return reachable && incarnationKnown;
}

function whyAway({ reachable, reason }: HostUsageReport): string {
  if (reachable) return 'restarted, not readmitted yet';
  return reason === undefined ? 'unreachable' : `unreachable (${reason})`;
}

function fillsOf(reports: ReadonlyMap<number, HostUsageReport>): Map<number, number> {
  const fills = new Map<number, number>();
  for (const [id, { usedBytes, limitBytes }] of reports)
    if (usedBytes !== undefined && limitBytes !== undefined) fills.set(id, usedBytes / limitBytes);
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
