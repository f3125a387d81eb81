/**
 * A look of the job `checkpoint` at one group of many shardlets, on PostgreSQL: what is due of each, from the newest rows,
 * against reading all rows that are kept, and how long it takes to find what may be pruned. Hosts are left out: lags are given.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  applyMigrations,
  openPrisma,
  PrismaGroupStore,
  PrismaRecoveryRecords,
  PrismaStateCheckpoints,
} from '@foreshard/core/adapters/prisma';
import { groupCheckpointingSchema } from '@foreshard/core/checkpointing';
import { EMPTY_GROUP } from '@foreshard/core/consuming';
import { ForecastStore, LEVELS, RESOLUTIONS, type StreamForecast } from '@foreshard/core/forecast-service';
import { CheckpointUpkeep } from '@foreshard/core/group-state';
import { slices, WHOLE } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { createDatabase, startPostgres, temporaryFolder } from '@foreshard/local';
import { CheckpointJob } from '../../apps/worker/src/checkpointing/checkpoint-job.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { spread } from './measure/interleave.ts';

const MIGRATIONS = new URL('../../prisma/migrations', import.meta.url).pathname;
const GROUP = 'totals';
/** One every five minutes for a day, as they are thinned. */
const KEPT = 36;
const STEP_MS = RESOLUTIONS['5m'].stepMs;
const SLICE = 500;
const HORIZON_MS = 7_200_000;

export async function run({ rounds, shardlets: count }: BenchOptions): Promise<BenchResult> {
  const folder = await temporaryFolder('checkpoint-job');
  const server = await startPostgres({ dir: join(folder.path, 'postgres') });
  const url = await createDatabase(server.url, 'checkpoint_job');
  await applyMigrations(url, MIGRATIONS);
  const prisma = openPrisma(url);
  try {
    const [groups, records] = [new PrismaGroupStore(prisma, url), new PrismaStateCheckpoints(prisma, url)];
    const recoveries = new PrismaRecoveryRecords(prisma, url);
    const map = mapOf(count);
    const checkpointing = groupCheckpointingSchema.parse({});
    await groups.create({ name: GROUP, stream: 1, sessionMs: 60_000, checkpointing }, EMPTY_GROUP);
    await fill(prisma, count);
    const stores = { current: undefined as never, named: () => ({ delete: async () => {} }) as never };
    const upkeep = new CheckpointUpkeep({
      ...{ groups, records, stores, map, digestOf: () => '', nowMs: Date.now },
    });
    const ahead = forecastsOf(map, count);
    const job = new CheckpointJob({
      ...{ groups, recoveries, nowMs: Date.now },
      upkeep: {
        recoverable: upkeep.recoverable.bind(upkeep),
      },
      service: { lags: async (all) => all.map(() => 500) },
      forecasts: async (stream) => (await ahead.arrivalsAhead(stream, HORIZON_MS))!,
      trust: async () => new Map(),
    });
    const signal = new AbortController().signal;
    await job.run(signal);
    const [looks, newest, all, prunes]: number[][] = [[], [], [], []];
    const blocked = monitorEventLoopDelay({ resolution: 5 });
    for (let round = 0; round < rounds; round++) {
      looks!.push(await timed(() => job.run(signal)));
      newest!.push(await timed(() => records.newest(GROUP)));
      all!.push(await timed(() => readAll(records, count)));
      blocked.enable();
      prunes!.push(await timed(() => upkeep.prune(GROUP, { dryRun: true })));
      blocked.disable();
    }
    blocked.enable();
    const pruning = await timed(() => upkeep.prune(GROUP, { dryRun: false }));
    blocked.disable();
    return {
      mode: { shardlets: count, 'checkpoints kept': count * KEPT, 'verdicts written': count },
      ratios: {
        'all rows that are kept / newest rows': spread(all!.map((ms, i) => ms / newest![i]!)),
        'a look (ms)': spread(looks!),
        'of it reading the newest rows (ms)': spread(newest!),
        'finding what may be pruned (ms)': spread(prunes!),
        'pruning, contents left out (ms)': spread([pruning]),
        'longest that others waited for the processor meanwhile (ms)': spread([blocked.max / 1e6]),
      },
      marks: { 'a look (ms)': '<= 10,000: every 10 s' },
    };
  } finally {
    await prisma.$disconnect();
    await server.stop();
    await folder.remove();
  }
}

/** In slices, as the database answers within six seconds. */
async function readAll(records: PrismaStateCheckpoints, count: number): Promise<void> {
  for (let first = 1; first <= count; first += SLICE)
    await records.valid(
      GROUP,
      Array.from({ length: Math.min(SLICE, count - first + 1) }, (_, i) => first + i),
    );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function mapOf(count: number): TopologyMap {
  const shardlets = slices(WHOLE, count).map(
    (range, i): Shardlet => ({
      ...{ id: i + 1, stream: 1, shard: 0, range, owner: 1, epoch: 1, state: { kind: 'open' } },
      ...{ parents: [], lost: [] },
    }),
  );
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  return new TopologyMap({ ...EMPTY_TOPOLOGY, streams: [{ ...stream, ...settings }], shardlets });
}

/** Every third one is a delta on the one before. */
async function fill(prisma: ReturnType<typeof openPrisma>, count: number): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO consumer_checkpoint ("group", shardlet, seq, epoch, assignment, member)
    SELECT ${GROUP}, s, 100000, 1, 1, 'a' FROM generate_series(1, ${count}::int) s`;
  await prisma.$executeRaw`
    INSERT INTO consumer_state_checkpoint (id, "group", shardlet, seq, epoch, assignment, member, handler_version,
      state, base, bytes, keys, digest, object, store, reason, created_at, valid_at, took_ms)
    SELECT md5(s || ':' || n)::uuid, ${GROUP}, s, 100000 - n * 1000, 1, 1, 'a', '1', 'valid',
           CASE WHEN n % 3 = 0 THEN md5(s || ':' || (n + 1))::uuid END, 100000, 1000, 'sha-256:' || md5(s::text),
           'totals/' || s || '/' || n, 'folder', 'due', at, at, 40
      FROM generate_series(1, ${count}::int) s, generate_series(0, ${KEPT - 1}::int) n,
           LATERAL (SELECT now() - CASE WHEN n < 12 THEN n * interval '5 minutes'
                                        ELSE (n - 11) * interval '1 hour' END AS at) t`;
  await prisma.$executeRawUnsafe('ANALYZE');
}

function forecastsOf(map: TopologyMap, count: number): ForecastStore {
  const steps = RESOLUTIONS['5m'].horizon;
  const table = Array.from({ length: steps }, () => new Float64Array(LEVELS.length));
  const tables = { total: table, parts: table };
  const kept: StreamForecast = {
    ...{ streamId: 1, resolution: '5m', originMs: Math.floor(Date.now() / STEP_MS) * STEP_MS, model: 'x' },
    total: { point: new Float64Array(steps).fill(count * 3_000), spread: new Float64Array(steps).fill(1) },
    ...{ version: null, base: tables, calibrated: tables, own: new Map(), unfit: [] },
    shares: new Map(Array.from({ length: count }, (_, i) => [i + 1, 1 / count])),
  };
  return new ForecastStore({
    ...{ records: { latest: async () => kept, between: async () => [] }, hints: { list: async () => [] } },
    ...{ telemetry: undefined as never, blocks: undefined as never, map: () => map, nowMs: Date.now },
  });
}
