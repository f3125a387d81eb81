/**
 * The same as group-members.ts on a plain Redis: members of a group of one stream, by XREADGROUP and XACK, with a
 * connection each. What is acknowledged is not waited for before the next read. Prints one JSON line.
 *
 *   node redis-members.ts URL STREAM GROUP MEMBERS EVENTS LIMIT
 */
import { Redis } from 'ioredis';

export interface RedisConsumed {
  readonly events: number;
  /** from the first event to the last */
  readonly seconds: number;
  readonly processorMicros: number;
}

const BLOCK_MS = 1_000;

type Read = [stream: string, entries: [id: string, fields: string[]][]][] | null;

const [url = '', stream = '', group = '', ...numbers] = process.argv.slice(2);
const [members = 4, expected = 0, limit = 500] = numbers.map(Number);
const seen = new Set<string>();
let firstMs = 0;
let lastMs = 0;

async function work(redis: Redis, member: string): Promise<void> {
  let acknowledging: Promise<unknown> = Promise.resolve();
  while (seen.size < expected) {
    const read = (await redis.xreadgroup(
      ...(['GROUP', group, member, 'COUNT', limit, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>'] as const),
    )) as Read;
    const entries = read?.[0]?.[1] ?? [];
    for (const [, fields] of entries) seen.add((JSON.parse(fields[1]!) as { id: string }).id);
    if (entries.length === 0) continue;
    lastMs = performance.now();
    if (firstMs === 0) firstMs = lastMs;
    await acknowledging;
    acknowledging = redis.xack(stream, group, ...entries.map(([id]) => id));
  }
  await acknowledging;
}

const connections = Array.from({ length: members }, () => new Redis(url, { lazyConnect: true }));
await Promise.all(connections.map((redis) => redis.connect()));
const before = process.cpuUsage();
await Promise.all(connections.map((redis, i) => work(redis, `m-${i}`)));
const { user, system } = process.cpuUsage(before);
for (const redis of connections) redis.disconnect();
const result: RedisConsumed = {
  events: seen.size,
  seconds: (lastMs - firstMs) / 1_000,
  processorMicros: user + system,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
