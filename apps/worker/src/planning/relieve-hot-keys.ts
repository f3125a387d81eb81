/**
 * Answers keys that edges have just told as hot. Where the policy decides by itself they are split below the key at
 * once; in the other modes, and while moves are paused, the planner is woken, which looks at what is told as well and
 * proposes the split.
 */
import {
  HOT_KEY_LIFETIME_MS,
  type HotKey,
  hotKeyField,
  OWN_CLUSTER,
  type PolicyStore,
  reliefFor,
  termsFor,
} from '@foreshard/core/advising';
import { type MoveLog, type Operator, requestRestructure } from '@foreshard/core/moves';
import type { Policy } from '@foreshard/core/planning';
import type { TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import { forgetHotKeys, type ReportedHotKeys, reportedHotKeys } from './reported-hot-keys.ts';

export interface ReliefParts {
  readonly redis: ReportedHotKeys;
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
  /** when each key was told last that the planner was woken for; one that goes on is told again and again */
  private readonly shownMs = new Map<string, number>();

  constructor(parts: ReliefParts) {
    this.parts = parts;
  }

  async run(): Promise<object | undefined> {
    const { redis, policies, moveLog, nowMs } = this.parts;
    const reported = await reportedHotKeys(redis, nowMs());
    if (reported.length === 0) return undefined;
    const { policy, version } = await policies.at(nowMs());
    const alone = (await moveLog.controls()).paused ? [] : await this.ofAuto(reported, policy);
    const others = reported.filter((hot) => !alone.includes(hot));
    const shown = others.length === 0 ? {} : await this.show(others);
    if (alone.length === 0) return shown;
    const split = await this.splitAll(
      alone,
      policy,
      `fast lane of policy ${policy.name} (version ${version})`,
    );
    await forgetHotKeys(redis, alone);
    return { ...shown, reported: reported.length, split };
  }

  /** Those that the policy lets be split without a person. */
  private async ofAuto(reported: readonly HotKey[], policy: Policy): Promise<readonly HotKey[]> {
    const map = await this.parts.follower.upToDate();
    return reported.filter(({ shardlet }) => {
      const found = map.shardlet(shardlet);
      const stream = found === undefined ? undefined : map.stream(found.stream);
      const area = stream === undefined ? {} : { area: { stream: stream.name, shard: found!.shard } };
      return termsFor(policy, { cluster: OWN_CLUSTER, body: area }).mode === 'auto';
    });
  }

  private async show(reported: readonly HotKey[]): Promise<object> {
    const nowMs = this.parts.nowMs();
    for (const [field, atMs] of this.shownMs)
      if (nowMs - atMs >= HOT_KEY_LIFETIME_MS) this.shownMs.delete(field);
    const isNew = reported.some((hot) => !this.shownMs.has(hotKeyField(hot)));
    for (const hot of reported) this.shownMs.set(hotKeyField(hot), hot.atMs);
    if (isNew) await this.parts.wakePlanner();
    return { reported: reported.length, shown: isNew };
  }

  private async splitAll(reported: readonly HotKey[], policy: Policy, actor: string): Promise<number> {
    const { follower, operator, log } = this.parts;
    let split = 0;
    for (const hot of reported) {
      // each split changes the map that the next one is judged by
      const relief = reliefFor(await follower.upToDate(), hot, policy);
      const fields = { ...hot, ...(relief.kind === 'split' ? { ways: relief.ways } : relief) };
      if (relief.kind === 'left') {
        log.info(fields, 'hot key left as it is');
        continue;
      }
      const request = { parents: [hot.shardlet], children: relief.children };
      const reply = await requestRestructure({ ...operator, actor }, request);
      log.info({ ...fields, reply: reply.kind }, 'split below a hot key');
      if (reply.kind === 'decided') split++;
    }
    return split;
  }
}
