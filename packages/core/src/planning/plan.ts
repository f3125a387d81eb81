/**
 * The planner: named phases in one order under one objective. Each phase sees what the ones before it decided.
 *
 * 1. repair dead hosts     their shardlets need a place whatever it costs
 * 2. evacuate drained      likewise, but there is time
 * 3. place pinned          off hosts that a rule does not allow
 * 4. spread zones          off zones that have more of a group than a rule allows
 * 5. split hot             moves no data, and makes everything after it easier to place
 * 6. split below hot keys  what no placement cures
 * 7. rebalance             by moves that pay
 * 8. make room             where nothing has a place for what would relieve a host
 * 9. merge cold            after placement, so that it never costs a move
 * 10. scale hosts          what is left when everything cheaper has been tried
 */
import type { Action } from './action.ts';
import { type ClusterColumns, IN_FLIGHT } from './columns.ts';
import type { Phase, PlanContext } from './context.ts';
import { rateFullnessOf } from './fullness.ts';
import { objectiveOf } from './objective.ts';
import { evacuateDrained, repairDeadHosts } from './phases/empty-hosts.ts';
import { makeRoom } from './phases/make-room.ts';
import { mergeCold } from './phases/merge-cold.ts';
import { placePinned } from './phases/place-pinned.ts';
import { rebalance } from './phases/rebalance.ts';
import { scaleHosts } from './phases/scale-hosts.ts';
import { splitBelowHotKeys } from './phases/split-below-keys.ts';
import { splitHot } from './phases/split-hot.ts';
import { spreadZones } from './phases/spread-zones.ts';
import type { Policy } from './policy.ts';
import { SkipLog } from './skip-reason.ts';
import { WorkingCluster, withRoom } from './working-cluster.ts';

export const PHASE_ORDER: readonly Phase[] = [
  repairDeadHosts,
  evacuateDrained,
  placePinned,
  spreadZones,
  splitHot,
  splitBelowHotKeys,
  rebalance,
  makeRoom,
  mergeCold,
  scaleHosts,
];

export interface Plan {
  readonly actions: readonly Action[];
  readonly skips: SkipLog;
  readonly before: Figures;
  readonly after: Figures;
  /** the cluster as it would be */
  readonly cluster: WorkingCluster;
  readonly nowMs: number;
}

export interface Figures {
  /** value of the objective over all hosts; what a plan lowers */
  readonly objective: number;
  readonly hottest: number;
  readonly mean: number;
  readonly hotHosts: number;
  /** share of queries over keys read together that cross hosts; null when nothing is known about them */
  readonly crossHostShare: number | null;
  readonly shardlets: number;
}

/** One plan for the cluster; the input stays as it is. */
export function plan(input: ClusterColumns, policy: Policy, nowMs: number, phases = PHASE_ORDER): Plan {
  return new Planner(withRoom(input, roomFor(input, policy)), policy).plan(nowMs, phases);
}

/**
 * Keeps the cluster between plans, so that a change of a thousand shardlets costs a thousand and not a million. What
 * it has planned counts as in flight until `settled` is called.
 */
export class Planner {
  private readonly cluster: WorkingCluster;
  private readonly policy: Policy;

  /** The columns become the planner's own. REQUIRES room for the children of splits; see `withRoom`. */
  constructor(input: ClusterColumns, policy: Policy) {
    this.policy = policy;
    this.cluster = new WorkingCluster(input);
  }

  plan(nowMs: number, phases: readonly Phase[] = PHASE_ORDER): Plan {
    return this.run(nowMs, phases, everyRow(this.cluster.count), false);
  }

  /** Looks at these shardlets, and at whatever hosts are hot now. */
  replan(nowMs: number, changed: readonly number[], phases: readonly Phase[] = PHASE_ORDER): Plan {
    return this.run(nowMs, phases, Int32Array.from(new Set(changed)).sort(), true);
  }

  observe(shardlet: number, demand: ArrayLike<number>): void {
    this.cluster.setDemand(shardlet, demand);
  }

  /** Everything planned so far was carried out. */
  settled(): void {
    const { hosts, shardlets } = this.cluster.input;
    hosts.moves.fill(0);
    for (let shardlet = 0; shardlet < this.cluster.count; shardlet++)
      shardlets.flags[shardlet]! &= ~IN_FLIGHT;
  }

  private run(nowMs: number, phases: readonly Phase[], rows: Int32Array, isReplan: boolean): Plan {
    const { policy, cluster } = this;
    const objective = objectiveOf(policy);
    const context: PlanContext = {
      cluster,
      policy,
      objective,
      nowMs,
      rows,
      isReplan,
      fullnessAtStart: rateFullnessOf(cluster, policy, rows),
      actions: [],
      skips: new SkipLog(cluster.input.shardlets.flags.length),
      budget: { ...policy.budget },
    };
    const before = figuresOf(context);
    for (const phase of phases) phase.run(context);
    return {
      actions: context.actions,
      skips: context.skips,
      before,
      after: figuresOf(context),
      cluster,
      nowMs,
    };
  }
}

/** parts of one shardlet in one plan */
const PARTS_MAX = 16;

function everyRow(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

/** Rows that splits of one plan may need. */
export function roomFor(input: ClusterColumns, policy: Policy): number {
  return Math.min(policy.budget.splits, PARTS_MAX * input.shardletCount) + PARTS_MAX;
}

function figuresOf({ cluster, objective, policy }: PlanContext): Figures {
  let cost = 0;
  let hottest = 0;
  let sum = 0;
  let hotHosts = 0;
  for (let host = 0; host < cluster.hostCount; host++) {
    const pressure = cluster.pressure[host]!;
    cost += cluster.hostWeight[host]! * objective.hostCost(pressure);
    sum += pressure;
    if (pressure > hottest) hottest = pressure;
    if (pressure > policy.host.fullness) hotHosts++;
  }
  return {
    objective: cost,
    hottest,
    mean: sum / Math.max(1, cluster.hostCount),
    hotHosts,
    crossHostShare: crossHostShare(cluster.input),
    shardlets: cluster.owned.reduce((total, owned) => total + owned, 0),
  };
}

function crossHostShare({ affinity, shardlets }: ClusterColumns): number | null {
  if (affinity === undefined) return null;
  let crossing = 0;
  let all = 0;
  for (let shardlet = 0; shardlet + 1 < affinity.start.length; shardlet++)
    for (let at = affinity.start[shardlet]!; at < affinity.start[shardlet + 1]!; at++) {
      all += affinity.weight[at]!;
      if (shardlets.owner[affinity.other[at]!] !== shardlets.owner[shardlet])
        crossing += affinity.weight[at]!;
    }
  return all > 0 ? crossing / all : null;
}
