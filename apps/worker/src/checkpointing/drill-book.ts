/** Failed drills in the control Redis, where alarms are raised from. */
import { FAILED_DRILLS_KEY, failedDrillsSchema } from '@foreshard/core/group-state';
import type { Redis } from 'ioredis';
import type { DrillBook } from './drill-rounds.ts';

/** What a group that was removed has left goes with the rest, when nothing failed for so long. */
const FORGOTTEN_SECONDS = 86_400;

export function drillBook(redis: Pick<Redis, 'hget' | 'multi'>): DrillBook {
  return {
    async read(group) {
      const text = await redis.hget(FAILED_DRILLS_KEY, group);
      return text === null ? [] : (failedDrillsSchema.safeParse(JSON.parse(text)).data?.failed ?? []);
    },
    async write(drills) {
      const change = redis.multi();
      if (drills.failed.length === 0) change.hdel(FAILED_DRILLS_KEY, drills.group);
      else
        change
          .hset(FAILED_DRILLS_KEY, drills.group, JSON.stringify(drills))
          .expire(FAILED_DRILLS_KEY, FORGOTTEN_SECONDS);
      await change.exec();
    },
  };
}
