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
/** A second tells of the busiest, and of some of the others with what they had since they were told last. */
const BUSIEST = 2_000;
const OTHERS = 4_000;
const STRIDE = 7_919;
const BUSIEST_PAST = 300;
const MEASURE_MS = 5_000;
const LIMIT_BYTES = 8 * 2 ** 30;
/** What a person should find at once: these hosts are not well. */
const AWAY = 17;
const ALARMED = 133;
const NEARLY_FULL = 251;

export interface LiveLoad {
  stop(): void;
}

export async function publishLive(redis: Redis, shape: LoadShape, hosts: number): Promise<LiveLoad> {
  const nowMs = Date.now();
  const counters = new LoadCounters('large', nowMs);
  const past = redis.pipeline();
  for (let second = PAST_SECONDS; second > 0; second--)
    past.xadd(
      LOAD_STREAM_KEY,
      `${nowMs - second * 1_000}-0`,
      LOAD_FLUSH_FIELD,
      flush(counters, shape, nowMs - (second + 1) * 1_000, BUSIEST_PAST),
    );
  await past.exec();
  await measure(redis, hosts);
  const timer = setInterval(() => {
    const atMs = Date.now() - 1_000;
    void redis.xadd(
      LOAD_STREAM_KEY,
      'MAXLEN',
      '~',
      1_000,
      '*',
      LOAD_FLUSH_FIELD,
      flush(counters, shape, atMs, BUSIEST),
    );
  }, 1_000);
  const measured = setInterval(() => void measure(redis, hosts), MEASURE_MS);
  return {
    stop() {
      clearInterval(timer);
      clearInterval(measured);
    },
  };
}

function flush(counters: LoadCounters, shape: LoadShape, atMs: number, busiest: number): Buffer {
  const { byPopularity, shardlets } = shape;
  const second = Math.floor(atMs / 1_000);
  const others = shardlets - busiest;
  const round = others / OTHERS;
  for (const place of byPopularity.subarray(0, busiest)) count(counters, shape, place, atMs, 1);
  // in steps of a prime, so that each second has popular ones and quiet ones
  for (let i = 0; i < Math.min(OTHERS, others); i++)
    count(counters, shape, byPopularity[busiest + (((second * OTHERS + i) * STRIDE) % others)]!, atMs, round);
  return Buffer.from(packFlush(counters.flush(atMs)));
}

function count(counters: LoadCounters, shape: LoadShape, place: number, atMs: number, seconds: number): void {
  const spread = 0.7 + 0.6 * noise(place, Math.floor(atMs / 1_000));
  const events = Math.floor(shape.rate(place, atMs) * spread * seconds + noise(place, atMs));
  if (events > 0)
    counters.stored(place + 1, events, events * EVENT_BYTES, latencyBucket(1_500 + 2_500 * spread));
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
