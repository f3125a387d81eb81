/**
 * What edges and a worker keep telling while the cluster runs: flushes of each second, and measurements of every
 * host every few seconds. Ten minutes of the past are told at once, so that charts do not begin empty.
 */
import {
  HOST_USAGE_KEY,
  type HostUsageReport,
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  LoadCounters,
  latencyBucket,
  packFlush,
} from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';
import { type LoadShape, noise } from './load-shape.ts';
import { EVENT_BYTES } from './recorded-load.ts';

const PAST_SECONDS = 600;
/** The busiest have most of the load; a second tells of these. */
const TOLD = 3_000;
const TOLD_PAST = 500;
const MEASURE_MS = 5_000;
const LIMIT_BYTES = 8 * 2 ** 30;
/** What a person should find at once: these hosts are not well. */
const AWAY = 17;
const ALARMED = 133;
const NEARLY_FULL = 251;

export interface LiveLoad {
  stop(): void;
}

export async function tellLive(redis: Redis, shape: LoadShape, hosts: number): Promise<LiveLoad> {
  const nowMs = Date.now();
  const counters = new LoadCounters('large', nowMs);
  const past = redis.pipeline();
  for (let second = PAST_SECONDS; second > 0; second--)
    past.xadd(
      LOAD_STREAM_KEY,
      `${nowMs - second * 1_000}-0`,
      LOAD_FLUSH_FIELD,
      flush(counters, shape, nowMs - (second + 1) * 1_000, TOLD_PAST),
    );
  await past.exec();
  await measure(redis, hosts);
  const told = setInterval(() => {
    const atMs = Date.now() - 1_000;
    void redis.xadd(
      LOAD_STREAM_KEY,
      'MAXLEN',
      '~',
      1_000,
      '*',
      LOAD_FLUSH_FIELD,
      flush(counters, shape, atMs, TOLD),
    );
  }, 1_000);
  const measured = setInterval(() => void measure(redis, hosts), MEASURE_MS);
  return {
    stop() {
      clearInterval(told);
      clearInterval(measured);
    },
  };
}

function flush(counters: LoadCounters, shape: LoadShape, atMs: number, told: number): Buffer {
  for (const place of shape.byPopularity.subarray(0, told)) {
    const spread = 0.7 + 0.6 * noise(place, Math.floor(atMs / 1_000));
    const events = Math.floor(shape.rate(place, atMs) * spread + noise(place, atMs));
    if (events > 0)
      counters.stored(place + 1, events, events * EVENT_BYTES, latencyBucket(1_500 + 2_500 * spread));
  }
  return Buffer.from(packFlush(counters.flush(atMs)));
}

async function measure(redis: Redis, hosts: number): Promise<void> {
  const measuredAtMs = Date.now();
  const reports = Array.from({ length: hosts }, (_, i) => [
    String(i + 1),
    JSON.stringify(reportOf(i + 1, measuredAtMs)),
  ]);
  await redis.hset(HOST_USAGE_KEY, Object.fromEntries(reports));
}

function reportOf(host: number, measuredAtMs: number): HostUsageReport {
  if (host === AWAY)
    return { measuredAtMs, reachable: false, reason: 'connect ECONNREFUSED', incarnationKnown: true };
  const share = host === NEARLY_FULL ? 0.87 : 0.2 + 0.45 * noise(host, 5);
  return {
    ...{ measuredAtMs, reachable: true, incarnationKnown: true },
    ...{ usedBytes: Math.round(share * LIMIT_BYTES), limitBytes: LIMIT_BYTES },
    hoursToFull: host === NEARLY_FULL ? 5 : 60 + Math.round(900 * noise(host, 6)),
    ...(host === ALARMED
      ? {
          alarm: {
            reason: 'emptied',
            detail: 'it came back without its shardlets',
            sinceMs: measuredAtMs - 900_000,
          },
        }
      : {}),
  };
}
