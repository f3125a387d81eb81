/**
 * Splits below keys that edges have just told as hot: only where the policy decides by itself, and not while moves are
 * paused. In the other modes the planner proposes the split once the load of its minutes shows it.
 */
import {
  HOT_KEY_LIFETIME_MS,
  HOT_KEYS_KEY,
  type HotKey,
  hotKeySchema,
  type PolicyStore,
  reliefFor,
} from '@foreshard/core/advising';
import { type MoveLog, type Operator, requestRestructure } from '@foreshard/core/migration';
import type { TopologyMap } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

export interface ReliefParts {
  readonly redis: Pick<Redis, 'hgetall' | 'hdel'>;
  readonly follower: { upToDate(): Promise<TopologyMap> };
  readonly policies: PolicyStore;
  readonly moveLog: Pick<MoveLog, 'controls'>;
  readonly operator: Operator;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export async function relieveHotKeys(parts: ReliefParts): Promise<object | undefined> {
  const told = await toldLately(parts);
  if (told.length === 0) return undefined;
  const { policy, version } = await parts.policies.at(parts.nowMs());
  if (policy.mode !== 'auto' || (await parts.moveLog.controls()).paused) return undefined;
  const actor = `fast lane of policy ${policy.name} (version ${version})`;
  let split = 0;
  for (const hot of told) {
    // each split changes the map that the next one is judged by
    const relief = reliefFor(await parts.follower.upToDate(), hot, policy);
    const fields = { ...hot, ...(relief.kind === 'split' ? { ways: relief.ways } : relief) };
    if (relief.kind === 'left') {
      parts.log.info(fields, 'hot key left as it is');
      continue;
    }
    const wish = { parents: [hot.shardlet], children: relief.children };
    const reply = await requestRestructure({ ...parts.operator, actor }, wish);
    parts.log.info({ ...fields, reply: reply.kind }, 'split below a hot key');
    if (reply.kind === 'decided') split++;
  }
  return { told: told.length, split };
}

/** The hottest first; all of it is taken out, because what goes on is told again. */
async function toldLately({ redis, nowMs }: ReliefParts): Promise<HotKey[]> {
  const all = await redis.hgetall(HOT_KEYS_KEY);
  const fields = Object.keys(all);
  if (fields.length === 0) return [];
  await redis.hdel(HOT_KEYS_KEY, ...fields);
  return Object.values(all)
    .flatMap((text) => hotKeySchema.safeParse(JSON.parse(text)).data ?? [])
    .filter(({ atMs }) => nowMs() - atMs < HOT_KEY_LIFETIME_MS)
    .sort((a, b) => b.perSecond - a.perSecond);
}
