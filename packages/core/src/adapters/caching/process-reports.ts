/** What each process reports of something, in the control Redis: for people, and nothing depends on it. */
import type { Redis } from 'ioredis';
import type { z } from 'zod';

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

interface Named {
  readonly process: string;
}

export async function publishReport(redis: Pick<Redis, 'eval'>, key: string, report: Named): Promise<void> {
  await redis.eval(PUBLISH, 1, key, report.process, JSON.stringify(report));
}

/** Undefined where the control Redis does not answer. */
export function reportsReader<R extends Named>(
  redis: Pick<Redis, 'eval'>,
  key: string,
  schema: z.ZodType<R>,
): () => Promise<readonly R[] | undefined> {
  return async () => {
    const texts = (await redis.eval(LIST, 1, key, FRESH_SECONDS).catch(() => undefined)) as
      | string[]
      | undefined;
    return texts
      ?.map((text) => schema.safeParse(JSON.parse(text)))
      .flatMap(({ data }) => (data === undefined ? [] : [data]))
      .sort((a, b) => a.process.localeCompare(b.process));
  };
}
