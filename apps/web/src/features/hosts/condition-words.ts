/** What a host can be, in one word each: the same on every page. */
import type { HostCondition } from '../../server/cluster/host-views.ts';

export const CONDITION_WORDS: Record<HostCondition, string> = {
  reachable: 'Reachable',
  unreachable: 'Unreachable',
  alarmed: 'Quarantined',
  regressed: 'Went back',
  readmitting: 'Recovering',
  draining: 'Draining',
  unmeasured: 'Not measured',
};

/** Its shardlets take no events until the host is back, or an operator has acted. */
export function isFrozen(condition: HostCondition): boolean {
  return ['unreachable', 'alarmed', 'regressed', 'readmitting'].includes(condition);
}
