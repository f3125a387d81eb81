/**
 * What telemetry costs: of a core at the edge, per event; of the worker, per minute of many shardlets; and
 * of the database, per shardlet and hour; and how long a heat map of a month takes. It starts a PostgreSQL of
 * its own. --shardlets sets their number.
 */

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { applyMigrations } from '@foreshard/core/adapters/prisma';
import { PostgresBlockStore } from '@foreshard/core/adapters/telemetry';
import { slices, WHOLE } from '@foreshard/core/keyspace';
import {
  Block,
  FULLY_COVERED,
  HOUR_MS,
  LEVELS,
  LoadCounters,
  latencyBucket,
  METRIC_NAMES,
  packBlock,
  packFlush,
  TelemetryStore,
} from '@foreshard/core/telemetry';
import { type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { createDatabase, startPostgres, temporaryFolder } from '@foreshard/local';
import pg from 'pg';
import type { BenchOptions, BenchResult } from './bench.ts';
import { run as runClient } from './measure/child.ts';

const MIGRATIONS = new URL('../../prisma/migrations', import.meta.url).pathname;
const ROLL_UP = new URL('./clients/roll-up.ts', import.meta.url).pathname;
const EVENTS = 500_000;
const EVENTS_PER_SECOND = 50_000;
const STREAM = 1;
const DAYS = 30;
/** A shardlet of the roll-up has so many events a second in each of the sixty seconds. */
const EVENTS_PER_SHARDLET_SECOND = 1;
const DAY_MS = 24 * HOUR_MS;
const T0_MS = 1_790_000_000_000 - (1_790_000_000_000 % DAY_MS);

interface RolledUp {
  readonly minute: { readonly ms: number; readonly cpuMs: number };
  readonly hour: { readonly ms: number };
  readonly minuteMegabytes: number;
  readonly megabytes: number;
}

export async function run({ shardlets }: BenchOptions): Promise<BenchResult> {
  const folder = await temporaryFolder('bench-telemetry');
  const postgres = await startPostgres({ dir: folder.path });
  const url = await createDatabase(postgres.url, 'telemetry');
  await applyMigrations(url, MIGRATIONS);
  const store = new PostgresBlockStore(url, 'bench');
  try {
    const mode = {
      ...edgeCost(),
      ...(await rollUpCost(folder.path, url, shardlets)),
      ...(await heatCost(store, url, shardlets)),
    };
    return { mode, ratios: {} } as BenchResult;
  } finally {
    await store.close();
    await postgres.stop();
    await folder.remove();
  }
}

function edgeCost() {
  const text = { key: 'some-key', type: 'com.example.created' };
  const load = (counters: LoadCounters, first: number) => {
    for (let i = first; i < first + EVENTS_PER_SECOND; i++) {
      const shardlet = (i % 64) + 1;
      if (i % 10 === 0) counters.stored(shardlet, 10, 3_000, latencyBucket(1_000 + (i % 900)));
      counters.key(shardlet, Math.imul(i % 5_000, 0x9e3779b9) >>> 0, () => text);
    }
  };
  const counters = new LoadCounters('bench', 0);
  load(counters, 0);
  const counting = timed(() => {
    for (let i = 0; i < EVENTS; i += EVENTS_PER_SECOND) {
      load(counters, i);
      packFlush(counters.flush(i));
    }
  });
  load(counters, 0);
  const flushBytes = packFlush(counters.flush(0)).length;
  return {
    'edge: CPU per event, us': rounded((counting / EVENTS) * 1_000),
    'edge: share of a core at 50,000 events/s, percent': rounded(
      (counting / EVENTS) * EVENTS_PER_SECOND * 0.1,
    ),
    'edge: bytes of a flush of 64 shardlets, 5,000 keys': flushBytes,
  };
}

async function rollUpCost(folder: string, url: string, shardlets: number) {
  const path = join(folder, 'flushes');
  const file = await open(path, 'w');
  for (let second = 0; second < 60; second++) {
    const flush = flushOfAll(shardlets, second);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(flush.length);
    await file.writev([length, flush]);
  }
  await file.close();
  const rolled = await runClient<RolledUp>(ROLL_UP, [url, path, String(STREAM), String(T0_MS)]);
  return {
    shardlets,
    'worker: one minute of 60 flushes, ms': rolled.minute.ms,
    'worker: one minute of 60 flushes, CPU ms': rolled.minute.cpuMs,
    'worker: peak memory after the minute, MB': rolled.minuteMegabytes,
    'worker: one hour with one minute of sketches, ms': rolled.hour.ms,
    'worker: peak memory after the hour, MB': rolled.megabytes,
  };
}

function flushOfAll(shardlets: number, second: number): Uint8Array {
  const counters = new LoadCounters('bench', 0);
  for (let id = 1; id <= shardlets; id++)
    for (let i = 0; i < EVENTS_PER_SHARDLET_SECOND; i++) {
      counters.stored(id, 1, 300, latencyBucket(800 + ((id * 7 + second) % 50) * 40));
      counters.key(id, (id * 1_000 + ((second * 13) % 40)) >>> 0, () => undefined);
    }
  return packFlush(counters.flush(T0_MS + second * 1_000));
}

async function heatCost(store: PostgresBlockStore, url: string, shardlets: number) {
  for (let day = 0; day < DAYS; day++) {
    await store.exclusively('bench', async (tx) => {
      for (const metric of ['events', 'bytes', 'p99'] as const) {
        const block = new Block(LEVELS.hour.slots);
        block.covered.fill(FULLY_COVERED);
        for (let id = 1; id <= shardlets; id++)
          for (let hour = 0; hour < 24; hour++) block.set(id, hour, countOf(metric, id, day, hour));
        const startMs = T0_MS - (DAYS - day) * DAY_MS;
        await tx.put({ stream: STREAM, level: 'hour', part: metric, startMs, source: '' }, packBlock(block));
      }
    });
  }
  const map = mapOf(shardlets);
  const telemetry = new TelemetryStore({ blocks: store, map: () => map, nowMs: () => T0_MS });
  const query = {
    streamId: STREAM,
    fromMs: T0_MS - DAYS * DAY_MS,
    toMs: T0_MS,
    columnsMax: 1_000,
    rowsMax: 500,
  };
  const times: number[] = [];
  for (let i = 0; i < 5; i++)
    times.push(
      await timedAsync(() => telemetry.heat({ ...query, metric: i % 2 === 0 ? 'events' : 'bytes' })),
    );
  const p99 = await timedAsync(() => telemetry.heat({ ...query, metric: 'p99' }));
  const matrix = await timedAsync(() => telemetry.matrix({ ...query, metric: 'events', step: 'hour' }));
  const series = await timedAsync(() =>
    telemetry.series({ ...query, scope: { kind: 'shardlet', shardlet: 7 }, metric: 'events', step: 'hour' }),
  );
  return {
    'heat of 30 days, median ms': Math.round(times.sort((a, b) => a - b)[2]!),
    'heat of 30 days of p99, ms': Math.round(p99),
    'hour series of all shardlets over 30 days, ms': Math.round(matrix),
    'hour series of one shardlet over 30 days, ms': Math.round(series),
    ...(await bytesStored(url, shardlets)),
  };
}

/** Counts with a day, a height of each shardlet and noise; latencies around a millisecond. */
function countOf(metric: 'events' | 'bytes' | 'p99', id: number, day: number, hour: number): number {
  const noise = (Math.imul(id * 7_919 + day * 131 + hour, 0x9e3779b9) >>> 20) / 4_096;
  if (metric === 'p99') return 70 + Math.floor(noise * 12);
  const height = 200 + (id % 97) * 60;
  const events = Math.floor(height * (1 + Math.sin((hour / 24) * 2 * Math.PI)) + noise * height);
  return metric === 'events' ? events : events * 310;
}

async function bytesStored(url: string, shardlets: number) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sql = `SELECT level, part, sum(length(data))::float8 AS bytes, count(*)::int AS rows FROM telemetry_block
    WHERE stream = $1 GROUP BY 1, 2`;
  const { rows } = await client.query<{ level: string; part: string; bytes: number; rows: number }>(sql, [
    STREAM,
  ]);
  await client.end();
  const of = (level: string, part: string) =>
    rows.find((r) => r.level === level && r.part === part)?.bytes ?? 0;
  const minuteBytes = METRIC_NAMES.reduce((sum, metric) => sum + of('minute', metric), 0);
  return {
    'stored bytes per shardlet-hour, hours of events': rounded(of('hour', 'events') / shardlets / DAYS / 24),
    'stored bytes per shardlet-hour, hours of bytes': rounded(of('hour', 'bytes') / shardlets / DAYS / 24),
    'stored bytes per shardlet-minute, all metrics, one minute alone': rounded(minuteBytes / shardlets),
    'stored bytes per shardlet-minute of sketches (kept 4 h)': rounded(of('minute', 'loads') / shardlets),
  };
}

function mapOf(count: number): TopologyMap {
  const shardlets = slices(WHOLE, count).map((r, i) => ({
    id: i + 1,
    stream: STREAM,
    shard: 0,
    range: r,
    owner: 1,
    epoch: 1,
    state: { kind: 'open' as const },
    parents: [],
    lost: [],
  })) satisfies Shardlet[];
  const stream = { id: STREAM, name: 'main', shardCount: 1, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  return new TopologyMap({
    version: 1,
    streams: [{ ...stream, ...settings }],
    hosts: [],
    shardlets,
    garbage: [],
  });
}

function timed(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1_000;
}

async function timedAsync(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
