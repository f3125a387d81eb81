/**
 * One append call of a host, below the edge: the fence, the deduplication and the order against the same
 * records stored with nothing of that. On Redis by the server's own CPU per event, since a client would be
 * measured otherwise; on PostgreSQL by time, 1,000 rows a statement, against an unfenced multi-row
 * INSERT ... ON CONFLICT DO NOTHING.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectPostgresHost } from '@foreshard/core/adapters/postgres';
import { connectRedisHost } from '@foreshard/core/adapters/redis';
import { type AppendGroup, type EventHost, FRAME_HEADER_BYTES, writeFrame } from '@foreshard/core/hosts';
import { hashKey, identify, WHOLE } from '@foreshard/core/keyspace';
import { createDatabase, startPostgres, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { BenchOptions, BenchResult } from './bench.ts';
import { interleave, ratio } from './measure/interleave.ts';
import { EVENT_BYTES, zipfSampler } from './measure/random-events.ts';

const EVENTS_PER_CALL = 1_000;
export const SHARDLETS = 1_000;
const DEDUP = { windowMicros: 900e6, leadMicros: 60e6 };
const EPOCH = 1;

let nextId = 0;

interface Call {
  readonly groups: AppendGroup[];
  readonly frames: Buffer[];
  readonly shardlets: number[];
  readonly ids: string[];
}

/** Fresh events over Zipf-chosen shardlets, as one call of each kind stores them. */
export function nextCall(shardletOf: () => number, events = EVENTS_PER_CALL): Call {
  const frames: Buffer[] = [];
  const shardlets: number[] = [];
  const ids: string[] = [];
  const identity = new Uint32Array(4);
  const grouped = new Map<number, Buffer[]>();
  for (let i = 0; i < events; i++) {
    const shardlet = shardletOf() + 1;
    const id = String(++nextId);
    const payload = randomBytes(EVENT_BYTES);
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
    const keyHash = hashKey(`key-${shardlet}`);
    identify(keyHash, '/bench', id, identity);
    writeFrame(frame, 0, keyHash, identity, payload, 0, payload.length);
    frames.push(frame);
    shardlets.push(shardlet);
    ids.push(id);
    const group = grouped.get(shardlet);
    if (group === undefined) grouped.set(shardlet, [frame]);
    else group.push(frame);
  }
  const edgeTs = Date.now() * 1_000;
  const groups = [...grouped].map(([shardlet, own]) => ({
    shardlet,
    epoch: EPOCH,
    edgeTs,
    tokenTs: 0,
    dedup: DEDUP,
    frames: Buffer.concat(own),
    count: own.length,
  }));
  return { groups, frames, shardlets, ids };
}

export async function openShardlets(host: EventHost): Promise<void> {
  for (let id = 1; id <= SHARDLETS; id++) {
    const reply = await host.createOpen(id, EPOCH, { stream: 1, range: WHOLE, dedup: DEDUP }, []);
    if (reply.kind !== 'created') throw new Error(`createOpen: ${JSON.stringify(reply)}`);
  }
}

export async function appendAll(host: EventHost, calls: readonly Call[]): Promise<void> {
  for (const call of calls) {
    const replies = await host.append(call.groups);
    if (replies.some((reply) => reply.kind !== 'appended')) throw new Error('an append was refused');
  }
}

async function cpuSeconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const used = (field: string) => Number(new RegExp(`${field}:([\\d.]+)`).exec(info)![1]);
  return used('used_cpu_user') + used('used_cpu_sys');
}

/** Server CPU in microseconds per event. */
async function cpuPerEvent(
  redis: Redis,
  calls: readonly Call[],
  work: () => Promise<unknown>,
): Promise<number> {
  const before = await cpuSeconds(redis);
  await work();
  return (((await cpuSeconds(redis)) - before) * 1e6) / (calls.length * EVENTS_PER_CALL);
}

async function pipelinedXadd(redis: Redis, calls: readonly Call[]): Promise<void> {
  for (const call of calls) {
    const pipeline = redis.pipeline();
    for (const [i, frame] of call.frames.entries())
      pipeline.xadd(`plain:${call.shardlets[i]}`, '*', 'f', frame);
    await pipeline.exec();
  }
}

const INSERT = `INSERT INTO plain (shardlet, id, payload)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[]) ON CONFLICT (shardlet, id) DO NOTHING`;

async function eventsPerSecond(calls: readonly Call[], work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (calls.length * EVENTS_PER_CALL * 1_000) / (performance.now() - startMs);
}

export async function run({ rounds, seconds }: BenchOptions): Promise<BenchResult> {
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-bench-'));
  const redisServer = await startRedis({ dir: join(dir, 'redis') });
  const postgresServer = await startPostgres({ dir: join(dir, 'postgres') });
  const databaseUrl = await createDatabase(postgresServer.url, 'bench');
  const redisHost = await connectRedisHost({ url: redisServer.url, expectedIncarnation: undefined });
  const postgresHost = await connectPostgresHost({ url: databaseUrl, expectedIncarnation: undefined });
  const redis = new Redis(redisServer.url);
  const plain = new pg.Client({ connectionString: databaseUrl });
  try {
    await plain.connect();
    await plain.query(
      'CREATE TABLE plain (shardlet bigint, id text, payload bytea, PRIMARY KEY (shardlet, id))',
    );
    await Promise.all([openShardlets(redisHost), openShardlets(postgresHost)]);
    const shardletOf = zipfSampler(SHARDLETS, 0.99);
    const callsPerRound = Math.max(5, Math.round(seconds * 10));
    const fresh = () => Array.from({ length: callsPerRound }, () => nextCall(shardletOf));
    const results = await interleave(
      [
        {
          name: 'Redis, XADD (CPU us/event)',
          measure: () => {
            const calls = fresh();
            return cpuPerEvent(redis, calls, () => pipelinedXadd(redis, calls));
          },
        },
        {
          name: 'Redis, append (CPU us/event)',
          measure: () => {
            const calls = fresh();
            return cpuPerEvent(redis, calls, () => appendAll(redisHost, calls));
          },
        },
        {
          name: 'PostgreSQL, insert (events/s)',
          measure: () => {
            const calls = fresh();
            return eventsPerSecond(calls, async () => {
              for (const call of calls) await plain.query(INSERT, [call.shardlets, call.ids, call.frames]);
            });
          },
        },
        {
          name: 'PostgreSQL, append (events/s)',
          measure: () => {
            const calls = fresh();
            return eventsPerSecond(calls, () => appendAll(postgresHost, calls));
          },
        },
      ],
      rounds,
    );
    return {
      mode: {
        'events a call': EVENTS_PER_CALL,
        'event bytes': EVENT_BYTES,
        shardlets: `${SHARDLETS}, Zipf 0.99`,
        deduplication: 'on',
        appendfsync: 'always',
        synchronous_commit: 'on',
      },
      ratios: {
        'Redis CPU: append / XADD': ratio(
          results,
          'Redis, append (CPU us/event)',
          'Redis, XADD (CPU us/event)',
        ),
        'PostgreSQL: append / insert': ratio(
          results,
          'PostgreSQL, append (events/s)',
          'PostgreSQL, insert (events/s)',
        ),
      },
      marks: { 'PostgreSQL: append / insert': '>= 0.8, goal 0.9' },
    };
  } finally {
    redis.disconnect();
    await plain.end();
    await Promise.all([redisHost.close(), postgresHost.close()]);
    await Promise.all([redisServer.stop(), postgresServer.stop()]);
    await rm(dir, { recursive: true, force: true });
  }
}
