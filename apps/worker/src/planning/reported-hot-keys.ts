/** The hot keys that edges tell: what is over is left out, and forgotten. */
import {
  HOT_KEY_LIFETIME_MS,
  HOT_KEYS_KEY,
  type HotKey,
  hotKeyField,
  hotKeySchema,
} from '@foreshard/core/advising';
import type { Redis } from 'ioredis';

export type ReportedHotKeys = Pick<Redis, 'hgetall' | 'hdel'>;

/** The hottest first. */
export async function reportedHotKeys(redis: ReportedHotKeys, nowMs: number): Promise<HotKey[]> {
  const all = Object.entries(await redis.hgetall(HOT_KEYS_KEY));
  const read = all.map(([field, text]) => ({ field, hot: hotKeySchema.safeParse(JSON.parse(text)).data }));
  const over = read.filter(({ hot }) => hot === undefined || nowMs - hot.atMs >= HOT_KEY_LIFETIME_MS);
  if (over.length > 0) await redis.hdel(HOT_KEYS_KEY, ...over.map(({ field }) => field));
  return read
    .flatMap(({ hot }) => (hot !== undefined && nowMs - hot.atMs < HOT_KEY_LIFETIME_MS ? [hot] : []))
    .sort((a, b) => b.perSecond - a.perSecond);
}

/** Whoever has answered them says so; what goes on is told again. */
export async function forgetHotKeys(redis: ReportedHotKeys, keys: readonly HotKey[]): Promise<void> {
  if (keys.length > 0) await redis.hdel(HOT_KEYS_KEY, ...keys.map(hotKeyField));
}
