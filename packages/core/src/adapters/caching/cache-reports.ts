/** What each edge and worker tells of its shard cache, in the control Redis: for people, and nothing depends on it. */
import type { Redis } from 'ioredis';
import { type CacheReport, cacheReportSchema } from '../../caching/index.ts';

const KEY = '{foreshard}:shard-caches';
/** Three reports: a process that has ended is listed for so long. */
const FRESH_SECONDS = 15;

/** The time is the server's: the clocks of processes may differ. */
const PUBLISH = `
redis.call('hset', KEYS[1], ARGV[1], redis.call('time')[1] .. ' ' .. ARGV[2])`;

const LIST = `
local now = tonumber(redis.call('time')[1])
local fresh = {}
local all = redis.call('hgetall', KEYS[1])
for i = 1, #all, 2 do
  local at, text = string.match(all[i + 1], '^(%d+) (.*)$')
  if at and now - tonumber(at) <= tonumber(ARGV[1]) then
    table.insert(fresh, text)
  else
    redis.call('hdel', KEYS[1], all[i])
  end
end
return fresh`;

export async function publishCache(redis: Pick<Redis, 'eval'>, report: CacheReport): Promise<void> {
  await redis.eval(PUBLISH, 1, KEY, report.process, JSON.stringify(report));
}

/** Undefined where the control Redis does not answer. */
export function cacheReportsReader(
  redis: Pick<Redis, 'eval'>,
): () => Promise<readonly CacheReport[] | undefined> {
  return async () => {
    const texts = (await redis.eval(LIST, 1, KEY, FRESH_SECONDS).catch(() => undefined)) as
      | string[]
      | undefined;
    return texts
      ?.map((text) => cacheReportSchema.safeParse(JSON.parse(text)))
      .flatMap(({ data }) => (data === undefined ? [] : [data]))
      .sort((a, b) => a.process.localeCompare(b.process));
  };
}
