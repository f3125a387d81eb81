/** What a plan is about in one line and one picture: the host it relieves most, and how its hosts fare with it. */
import type { ClusterState, Plan, Policy, Recommendation } from '../planning/index.ts';
import { type HostPressure, type PlanSummary, pictureOf } from './plan-picture.ts';

export interface Planned {
  readonly state: ClusterState;
  readonly policy: Policy;
  readonly made: Plan;
  /** with the hosts it asks for */
  readonly outcome: Plan;
  /** hottest first */
  readonly pressures: readonly HostPressure[];
}

export function summaryOf(
  parts: readonly Recommendation[],
  { state, policy, made, outcome, pressures }: Planned,
): PlanSummary {
  const touched = touchedHosts(parts, pressures);
  return {
    ...outlineOf(parts, pressures),
    picture: pictureOf(
      state,
      policy,
      { made, outcome },
      touched.map(({ host }) => host),
    ),
  };
}

/** Without a picture. */
export function outlineOf(
  parts: readonly Recommendation[],
  pressures: readonly HostPressure[],
): Omit<PlanSummary, 'picture'> {
  const overloads = parts.flatMap(({ overloadAt }) => overloadAt ?? []).sort();
  const relieved = new Set(parts.filter(relieves).flatMap(({ source }) => source ?? []));
  const addsHosts = parts.some(({ action }) => action === 'add-hosts');
  const focus = pressures
    .filter(({ host }) => addsHosts || relieved.has(host))
    .reduce<HostPressure | undefined>(
      (best, one) => (best && best.before >= one.before ? best : one),
      undefined,
    );
  return { focus: focus ?? null, overloadAt: overloads[0] ?? null };
}

/** What empties a host or follows a rule is not done for its load. */
function relieves({ action, phase }: Recommendation): boolean {
  return action === 'move' && (phase === 'rebalance' || phase === 'make-room' || phase === 'split-hot');
}

/** Sources and destinations, hottest first; new hosts after them. */
function touchedHosts(
  parts: readonly Recommendation[],
  pressures: readonly HostPressure[],
): readonly HostPressure[] {
  const named = new Set(parts.flatMap(({ source, destination }) => [source, destination]));
  const addsHosts = parts.some(({ action }) => action === 'add-hosts');
  return pressures.filter(({ host }) => addsHosts || named.has(host));
}
