/** The roll-up on a real control Redis and a real PostgreSQL. */
import { HostResourceReader } from '@foreshard/core/adapters/telemetry';
import {
  ACCESS_STREAM_KEY,
  ACCESSES_FIELD,
  type BlockStore,
  INSTANCES_FIELD,
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  LoadCounters,
  MINUTE_MS,
  packFlush,
  RETENTION_DEFAULT,
  TelemetryStore,
} from '@foreshard/core/telemetry';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createMetrics, type Metrics } from '../process/metrics.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { LoadFeed } from './load-feed.ts';
import { RollUpJob } from './roll-up-job.ts';
import { HostSampler } from './sample-hosts.ts';

let cluster: RealCluster;
let stream: number;
let metrics: Metrics;
let telemetry: TelemetryStore;
/** a full minute that is over when the feed's clock is asked */
let minuteMs: number;

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  stream = await cluster.createStream({ name: 'main', shardCount: 4 });
});
afterAll(() => cluster.stop());

beforeEach(() => {
  metrics = createMetrics();
  minuteMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const nowMs = () => Date.now() + 2 * MINUTE_MS;
  telemetry = new TelemetryStore({ blocks: cluster.control.telemetry, map: () => cluster.map, nowMs });
});

function job(blocks: BlockStore = cluster.control.telemetry, log = silent): RollUpJob {
  const { redis } = cluster.control;
  const feed = new LoadFeed(redis);
  feed.nowMs = async () => Date.now() + 2 * MINUTE_MS;
  return new RollUpJob({
    feed,
    redis,
    blocks,
    follower: cluster.follower,
    metrics,
    retention: RETENTION_DEFAULT,
    log,
  });
}

const run = (which = job()) => which.run(new AbortController().signal);

function edge(name: string, runMs = Date.now()) {
  const counters = new LoadCounters(name, runMs);
  return {
    counters,
    async publish({ lost = false } = {}) {
      const bytes = Buffer.from(packFlush(counters.flush(minuteMs)));
      if (!lost) await cluster.control.redis.xadd(LOAD_STREAM_KEY, '*', LOAD_FLUSH_FIELD, bytes);
      return bytes;
    },
  };
}

async function eventsOf(shardlet: number): Promise<number> {
  const { values } = await telemetry.series({
    scope: { kind: 'shardlet', shardlet },
    metric: 'events',
    fromMs: minuteMs,
    toMs: minuteMs + MINUTE_MS,
    step: 'minute',
  });
  return values[0]!;
}

async function flushes(result: string): Promise<number> {
  const { values } = await metrics.telemetryFlushes.get();
  return values.find((v) => v.labels.result === result)?.value ?? 0;
}

const first = () => [...cluster.map.shardlets(stream)].map((s) => s.id).sort((a, b) => a - b)[0]!;

describe('the roll-up', () => {
  test('counts each flush once, however often and by however many workers it is run', async () => {
    const one = edge('once');
    const before = (await eventsOf(first())) || 0;
    for (let i = 0; i < 5; i++) {
      one.counters.stored(first(), 10, 1_000, 50);
      await one.publish();
    }
    await Promise.all([run(), run(), run()]);
    await run();
    expect(await eventsOf(first())).toBe(before + 50);
  });

  test('counts a flush once that was told twice, and tells the ones that never came', async () => {
    const before = await eventsOf(first());
    const one = edge('lossy');
    one.counters.stored(first(), 1, 100, 50);
    const again = await one.publish();
    await cluster.control.redis.xadd(LOAD_STREAM_KEY, '*', LOAD_FLUSH_FIELD, again);
    for (let i = 0; i < 3; i++) await one.publish({ lost: true });
    one.counters.stored(first(), 1, 100, 50);
    await one.publish();
    await cluster.control.redis.xadd(LOAD_STREAM_KEY, '*', LOAD_FLUSH_FIELD, 'damaged');
    await run();
    expect(await eventsOf(first())).toBe(before + 2);
    expect(await flushes('missing')).toBe(3);
    expect(await flushes('repeated')).toBe(1);
    expect(await flushes('unreadable')).toBe(1);
  });

  test('loses nothing of two edges with the same id, and tells that there are two', async () => {
    const before = (await eventsOf(first())) || 0;
    const runs = [minuteMs - 120_000, minuteMs - 90_000].map((runMs) => edge('twin', runMs));
    for (let i = 0; i < 10; i++)
      for (const one of runs) {
        one.counters.stored(first(), 1, 100, 50);
        await one.publish();
      }
    const logged: object[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => logged.push(JSON.parse(line)) });
    await run(job(cluster.control.telemetry, log));
    expect(await eventsOf(first())).toBe(before + 20);
    expect(await flushes('missing')).toBe(0);
    expect((await metrics.telemetrySharedIds.get()).values[0]!.value).toBe(1);
    expect(logged).toEqual([
      expect.objectContaining({ edges: ['twin'], msg: expect.stringContaining('EDGE_ID') }),
    ]);
  });

  test('loses nothing and counts nothing twice when it dies in the middle', async () => {
    const before = await eventsOf(first());
    const one = edge('dying');
    one.counters.stored(first(), 7, 700, 50);
    await one.publish();
    const { telemetry: blocks } = cluster.control;
    const dying: BlockStore = {
      read: (query) => blocks.read(query),
      sources: (of) => blocks.sources(of),
      exclusively: (feed, work) =>
        blocks.exclusively(feed, async (tx) => {
          await work(tx);
          throw new Error('killed');
        }),
    };
    await expect(run(job(dying))).rejects.toThrow('killed');
    expect(await eventsOf(first())).toBe(before);
    await run();
    expect(await eventsOf(first())).toBe(before + 7);
  });

  test('passes over what another release has left, counts it once and tells it once', async () => {
    const { redis } = cluster.control;
    await run();
    await redis.xadd(LOAD_STREAM_KEY, '*', 'flush', '{"edge":"old","loads":{}}');
    await redis.xadd(ACCESS_STREAM_KEY, '*', ACCESSES_FIELD, '[{"key":1}]');
    await redis.xadd(ACCESS_STREAM_KEY, '*', 'accesses0', '[]');
    const logged: unknown[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(JSON.parse(line).msg) });
    const one = job(cluster.control.telemetry, log);
    await run(one);
    await run(one);
    expect(await flushes('unreadable')).toBe(3);
    expect(logged).toEqual(['flushes of load cannot be read and are passed over']);
  });

  test('takes what the query layer has told', async () => {
    const time = new Date(minuteMs + 5_000).toISOString();
    const access = { key: 'order-1', time, instance: 'q-1', group: 'shop', frequency: 3, durationMs: 4 };
    const runs = { id: 'q-1', group: 'shop', cpu: 0.5, memory: 1e6, started: time };
    const { redis } = cluster.control;
    await redis.xadd(
      ACCESS_STREAM_KEY,
      '*',
      ACCESSES_FIELD,
      JSON.stringify([access, { ...access, frequency: 1, durationMs: 8 }]),
    );
    await redis.xadd(ACCESS_STREAM_KEY, '*', INSTANCES_FIELD, JSON.stringify([runs]));
    await redis.xadd(ACCESS_STREAM_KEY, '*', INSTANCES_FIELD, JSON.stringify([{ ...runs, stopped: time }]));
    await run();
    await run();
    const window = { fromMs: minuteMs, toMs: minuteMs + MINUTE_MS };
    const target = { kind: 'key', name: 'order-1' } as const;
    expect([...(await telemetry.accesses({ ...window, target, step: 'minute' })).values]).toEqual([4]);
    expect(await telemetry.topAccesses({ ...window, n: 5 })).toEqual([
      { ...target, group: 'shop', accesses: 4, meanDurationMs: 5, maxDurationMs: 8 },
    ]);
    expect(await telemetry.instances({ fromMs: minuteMs, toMs: Date.now() + MINUTE_MS })).toEqual([
      { ...runs, stopped: time },
    ]);
  });

  test('records what hosts use', async () => {
    const reader = new HostResourceReader(Date.now);
    const sampler = new HostSampler(cluster.control.redis, reader);
    const [redisHost] = cluster.map.hosts();
    const postgresHost = { ...redisHost!, id: 2, engine: 'postgres' as const, url: cluster.databaseUrl };
    try {
      await sampler.run([redisHost!, postgresHost], minuteMs);
      await cluster.control.redis.info();
      await sampler.run(
        [redisHost!, postgresHost, { ...redisHost!, id: 3, url: 'redis://127.0.0.1:1' }],
        minuteMs + 9_000,
      );
    } finally {
      reader.close();
    }
    await run();
    const valueFor = async (host: number, metric: 'cpu' | 'memory' | 'networkIn' | 'disk' | 'commands') => {
      const span = { fromMs: minuteMs, toMs: minuteMs + MINUTE_MS, step: 'minute' } as const;
      return (await telemetry.series({ scope: { kind: 'host', host }, metric, ...span })).values[0]!;
    };
    expect(await valueFor(1, 'memory')).toBeGreaterThan(1e6);
    expect(await valueFor(1, 'networkIn')).toBeGreaterThan(0);
    expect(await valueFor(1, 'cpu')).toBeLessThan(64);
    expect(await valueFor(2, 'disk')).toBeGreaterThan(1e6);
    expect(await valueFor(2, 'commands')).toBeGreaterThanOrEqual(0);
    expect(await valueFor(2, 'cpu')).toBeNaN();
    expect(await valueFor(3, 'memory')).toBeNaN();
  });
});
