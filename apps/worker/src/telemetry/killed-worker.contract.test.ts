/** A worker process that is killed while it writes what it has rolled up. */
import {
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  LoadCounters,
  MINUTE_MS,
  packFlush,
  TelemetryStore,
} from '@foreshard/core/telemetry';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RealCluster } from '../testing/real-cluster.ts';

const SECONDS = 60;
const EVENTS_PER_SECOND = 7;
/** A process that starts on a busy machine, and its first jobs. */
const STARTED_WITHIN_MS = 60_000;

let cluster: RealCluster;
let stream: number;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  stream = await cluster.createStream({ name: 'main', shardCount: 2 });
}, 60_000);
afterAll(() => cluster?.stop());

/** A whole minute that is over, as an edge has told it. */
async function publishMinute(startMs: number, shardlet: number): Promise<void> {
  const counters = new LoadCounters('edge-1', 1);
  for (let second = 0; second < SECONDS; second++) {
    const atMs = startMs + second * 1_000;
    counters.stored(shardlet, EVENTS_PER_SECOND, 700, 50);
    const flush = Buffer.from(packFlush(counters.flush(atMs)));
    await cluster.control.redis.xadd(LOAD_STREAM_KEY, `${atMs + 1_000}-0`, LOAD_FLUSH_FIELD, flush);
  }
}

async function eventsOf(shardlet: number, startMs: number): Promise<number> {
  const nowMs = () => Date.now();
  const telemetry = new TelemetryStore({ blocks: cluster.control.telemetry, map: () => cluster.map, nowMs });
  const { values } = await telemetry.series({
    ...{ scope: { kind: 'shardlet', shardlet }, metric: 'events', step: 'minute' },
    ...{ fromMs: startMs, toMs: startMs + MINUTE_MS },
  });
  return values[0]!;
}

test('killed between two of its writes, it has counted nothing; the next one counts all of it, once', {
  timeout: 150_000,
}, async () => {
  const startMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 3 * MINUTE_MS;
  const shardlet = [...cluster.map.shardlets(stream)][0]!.id;
  await publishMinute(startMs, shardlet);
  const client = new pg.Client({ connectionString: cluster.databaseUrl });
  // a transaction sees the activity of others as it was at first
  const watcher = new pg.Client({ connectionString: cluster.databaseUrl });
  await Promise.all([client.connect(), watcher.connect()]);
  try {
    // whoever writes the row of p99 waits for this one: events and bytes have been written by then
    await client.query('BEGIN');
    const blockMs = Math.floor(startMs / (10 * MINUTE_MS)) * 10 * MINUTE_MS;
    await client.query(
      `INSERT INTO telemetry_block (stream, level, part, start_ms, source, data) VALUES ($1, 'minute', 'p99', $2, '', '')`,
      [stream, blockMs],
    );
    const worker = await cluster.startWorker();
    await cluster.until(
      'the worker to be in the middle of its writes',
      async () => {
        await cluster.control.jobs.wake('rollUpTelemetry');
        const { rows } = await watcher.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          AND query LIKE '%INSERT INTO telemetry_block%'`,
        );
        return rows.length > 0;
      },
      STARTED_WITHIN_MS,
    );
    worker.process.kill('SIGKILL');
    await worker.ended;
    await client.query('ROLLBACK');
  } finally {
    await Promise.all([client.end(), watcher.end()]);
  }
  expect(await eventsOf(shardlet, startMs)).toBeNaN();
  await cluster.startWorker();
  await cluster.until(
    'the minute to be rolled up',
    async () => {
      await cluster.control.jobs.wake('rollUpTelemetry');
      return !Number.isNaN(await eventsOf(shardlet, startMs));
    },
    STARTED_WITHIN_MS,
  );
  expect(await eventsOf(shardlet, startMs)).toBe(SECONDS * EVENTS_PER_SECOND);
});
