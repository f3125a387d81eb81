/**
 * A plan in one picture: the load of the hosts it touches over the horizon, with it and without, against what they can
 * take. The line is what is planned for; the interval lays the 10 % and 90 % quantiles of all shardlets together, as if
 * all of them erred the same way, so it is as wide as it can be.
 */
import {
  type ClusterState,
  compileState,
  MEASURED_ONLY,
  type Plan,
  type Policy,
  WorkingCluster,
  withRoom,
} from '../planning/index.ts';

/** As shares of what the host can take, in its worst resource. */
export interface LoadPoint {
  readonly low: number;
  readonly planned: number;
  readonly high: number;
}

export interface HostCourse {
  readonly host: string;
  /** by step; empty for a host that the plan asks for */
  readonly without: readonly LoadPoint[];
  readonly with: readonly LoadPoint[];
}

export interface PlanPicture {
  readonly at: string;
  /** minutes ahead, ascending; 0 is what was measured */
  readonly steps: readonly number[];
  readonly hosts: readonly HostCourse[];
}

export interface HostPressure {
  readonly host: string;
  readonly before: number;
  readonly after: number;
}

export interface PlanSummary {
  /** the host that needs it most; null where the plan relieves none */
  readonly focus: HostPressure | null;
  /** when the first host goes over its capacity without it; null: not within the horizon */
  readonly overloadAt: string | null;
  /** null where none was made, as for a peak that is hours away */
  readonly picture: PlanPicture | null;
}

/** More lines than this nobody reads. */
const HOSTS_MAX = 8;
const LOW = 0.1;
const HIGH = 0.9;

/** `outcome`: the plan with the hosts it asks for; `hosts`: by importance, of which the first are shown. */
export function pictureOf(
  state: ClusterState,
  policy: Policy,
  { made, outcome }: { readonly made: Plan; readonly outcome: Plan },
  hosts: readonly string[],
): PlanPicture {
  const base = compileState(state, policy);
  const steps = [...new Set(base.columns.map(({ aheadMinutes }) => aheadMinutes))].sort((a, b) => a - b);
  const levels = [LOW, policy.forecast.quantile, HIGH].map((level) =>
    pressuresAt(demandsAt(state, policy, level), { made, outcome }, steps),
  );
  const [low, planned, high] = levels as [Courses, Courses, Courses];
  const course = (of: 'with' | 'without', host: string): LoadPoint[] =>
    (planned[of].get(host) ?? []).map((value, step) => {
      const [least, most] = [low[of].get(host)![step]!, high[of].get(host)![step]!];
      return { low: Math.min(least, value), planned: value, high: Math.max(most, value) };
    });
  return {
    at: state.now,
    steps,
    hosts: hosts.slice(0, HOSTS_MAX).map((host) => {
      return { host, without: course('without', host), with: course('with', host) };
    }),
  };
}

/** The columns with forecasts at this level; where the planner uses none, what was measured counts here as well. */
function demandsAt(state: ClusterState, policy: Policy, level: number) {
  const base = compileState(state, policy);
  const columns = compileState(state, {
    ...policy,
    forecast: { ...policy.forecast, quantile: level, error_max: Number.POSITIVE_INFINITY },
  });
  const width = columns.columns.length;
  for (let row = 0; row < columns.shardletCount; row++) {
    if ((base.shardlets.flags[row]! & MEASURED_ONLY) === 0) continue;
    const own = base.shardlets.demand.subarray(row * width, (row + 1) * width);
    columns.shardlets.demand.set(own, row * width);
  }
  return columns;
}

interface Courses {
  readonly without: ReadonlyMap<string, number[]>;
  readonly with: ReadonlyMap<string, number[]>;
}

/** Splits and merges are made again at this level; where a shardlet lies in the end the outcome says. */
function pressuresAt(
  columns: ReturnType<typeof demandsAt>,
  { made, outcome }: { readonly made: Plan; readonly outcome: Plan },
  steps: readonly number[],
): Courses {
  const cluster = new WorkingCluster(withRoom(columns, made.cluster.count - columns.shardletCount));
  const before = cluster.load.slice();
  reshape(cluster, made);
  const after = new Float64Array(outcome.cluster.load.length);
  const { width } = cluster;
  const { owner } = outcome.cluster.input.shardlets;
  for (let row = 0; row < cluster.count; row++) {
    if (cluster.isGone(row) || owner[row]! < 0) continue;
    for (let column = 0; column < width; column++)
      after[owner[row]! * width + column]! += cluster.input.shardlets.demand[row * width + column]!;
  }
  const { ids } = outcome.cluster.input.hosts;
  const course = (load: Float64Array, host: number) =>
    steps.map((step) => pressureAt(outcome.cluster, load, host, step));
  return {
    without: new Map(cluster.input.hosts.ids.map((id, host) => [id, course(before, host)])),
    with: new Map(ids.map((id, host) => [id, course(after, host)])),
  };
}

function reshape(cluster: WorkingCluster, { actions, cluster: planned }: Plan): void {
  for (const action of actions) {
    if (action.kind === 'merge') cluster.absorb(action.left, action.right);
    if (action.kind !== 'split' && action.kind !== 'split-below-key') continue;
    let left = 1;
    action.shares.forEach((share, i) => {
      cluster.splitOff(
        action.shardlet,
        share / left,
        planned.input.shardlets.ids[action.children[i]!] ?? String(i),
      );
      left -= share;
    });
  }
}

function pressureAt(
  { width, inverse, input }: WorkingCluster,
  load: Float64Array,
  host: number,
  step: number,
): number {
  let worst = 0;
  input.columns.forEach(({ aheadMinutes }, column) => {
    if (aheadMinutes === step)
      worst = Math.max(worst, load[host * width + column]! * inverse[host * width + column]!);
  });
  return worst;
}
