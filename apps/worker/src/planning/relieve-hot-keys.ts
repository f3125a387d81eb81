/**
 * Answers keys that edges have just told as hot. Where the policy decides by itself they are split below the key at
 * once; in the other modes, and while moves are paused, the planner is woken, which looks at what is told as well and
 * proposes the split.
 */
import { type HotKey, hotKeyField, type PolicyStore, reliefFor } from '@foreshard/core/advising';
import { type MoveLog, type Operator, requestRestructure } from '@foreshard/core/migration';
import type { Policy } from '@foreshard/core/planning';
import type { TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import { forgetHotKeys, hotKeysTold, type ToldKeys } from './hot-keys-told.ts';

export interface ReliefParts {
  readonly redis: ToldKeys;
  readonly follower: { upToDate(): Promise<TopologyMap> };
  readonly policies: PolicyStore;
  readonly moveLog: Pick<MoveLog, 'controls'>;
  readonly operator: Operator;
  readonly wakePlanner: () => Promise<void>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export class HotKeyRelief {
  private readonly parts: ReliefParts;
  /** what the planner was woken for; a key that goes on is told again and again */
  private shown: ReadonlySet<string> = new Set();

  constructor(parts: ReliefParts) {
    this.parts = parts;
  }

  async run(): Promise<object | undefined> {
    const { redis, policies, moveLog, nowMs } = this.parts;
    const told = await hotKeysTold(redis, nowMs());
    if (told.length === 0) return undefined;
    const { policy, version } = await policies.at(nowMs());
    if (policy.mode !== 'auto' || (await moveLog.controls()).paused) return this.show(told);
    const split = await this.splitAll(
      told,
      policy,
      `fast lane of policy ${policy.name} (version ${version})`,
    );
    await forgetHotKeys(redis, told);
    return { told: told.length, split };
  }

  private async show(told: readonly HotKey[]): Promise<object> {
    const fields = new Set(told.map(hotKeyField));
    const isNew = [...fields].some((field) => !this.shown.has(field));
    this.shown = fields;
    if (isNew) await this.parts.wakePlanner();
    return { told: told.length, shown: isNew };
  }

  private async splitAll(told: readonly HotKey[], policy: Policy, actor: string): Promise<number> {
    const { follower, operator, log } = this.parts;
    let split = 0;
    for (const hot of told) {
      // each split changes the map that the next one is judged by
      const relief = reliefFor(await follower.upToDate(), hot, policy);
      const fields = { ...hot, ...(relief.kind === 'split' ? { ways: relief.ways } : relief) };
      if (relief.kind === 'left') {
        log.info(fields, 'hot key left as it is');
        continue;
      }
      const wish = { parents: [hot.shardlet], children: relief.children };
      const reply = await requestRestructure({ ...operator, actor }, wish);
      log.info({ ...fields, reply: reply.kind }, 'split below a hot key');
      if (reply.kind === 'decided') split++;
    }
    return split;
  }
}
