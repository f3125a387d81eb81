/** Plays policies against one workload, each on a cluster that starts the same. */
import { COSTS, type CostModel } from './cost-model.ts';
import { Forecasts, type Foresight, Truth } from './foresight.ts';
import { withKeySplits } from './key-splits.ts';
import { type PlannerChoice, PlannerPlayer, policyFor, SHIPPED } from './planner-player.ts';
import type { PolicyPlayer } from './policy-player.ts';
import { cockroach, pulsar, STATIC, tikvPd } from './rivals.ts';
import { type Score, Scores } from './scores.ts';
import { totalOf, type Workload } from './workload.ts';
import { World } from './world.ts';

export const POLICY_NAMES = [
  'static',
  'cockroachdb',
  'tikv-pd',
  'pulsar',
  'reactive',
  'predictive',
  'oracle',
  'reactive+keys',
  'predictive+keys',
  'oracle+keys',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** steps of ten minutes that are planned ahead */
const STEPS_AHEAD = 6;
const QUANTILE = 0.9;
/** total load at its 99.9th percentile over the capacity of all hosts, when no capacity is given */
const PEAK_USE = 0.9;

/** Events a minute of one host at which the hosts together are at 0.9 of their capacity at p99.9 of the test part. */
export function fittingCapacity(workload: Workload, hosts: number): number {
  const total = totalOf(workload).sort();
  return total[Math.floor(0.999 * (total.length - 1))]! / hosts / PEAK_USE;
}

export interface ReplayOptions {
  readonly hosts: number;
  readonly capacity: number;
  readonly seed: number;
  readonly choice?: PlannerChoice;
}

/** Forecasts are dear and the same for all policies of a workload, so they are made where they are first needed. */
export class Replay {
  private readonly workload: Workload;
  private readonly model: CostModel;
  private readonly options: ReplayOptions;
  private forecasts: Forecasts | undefined;

  constructor(workload: Workload, options: ReplayOptions) {
    this.workload = workload;
    this.options = options;
    this.model = { ...COSTS, hosts: options.hosts, capacity: options.capacity };
  }

  run(name: PolicyName): Score {
    const policy = policyFor(
      this.options.choice ?? SHIPPED,
      60 * this.model.capacity * this.model.bytesPerEvent,
    );
    const world = new World(this.workload, this.model, this.options.seed, 4 * policy.rest.settle_time);
    const player = this.player(name, policy);
    const scores = new Scores(this.model);
    for (let minute = 0; minute < this.workload.minutes; minute++) {
      for (const order of player.decide(world, minute)) world.order(order, minute);
      scores.minute(world.step(minute));
    }
    return scores.result(world.done);
  }

  private player(name: PolicyName, policy: ReturnType<typeof policyFor>): PolicyPlayer {
    const [base, keys] = name.split('+');
    const own = (foresight?: Foresight) => new PlannerPlayer(base!, policy, foresight, this.workload);
    const players: Record<string, () => PolicyPlayer> = {
      static: () => STATIC,
      cockroachdb: () => cockroach(),
      'tikv-pd': () => tikvPd(),
      pulsar: () => pulsar(),
      reactive: () => own(),
      predictive: () => own((this.forecasts ??= new Forecasts(this.workload, STEPS_AHEAD, QUANTILE))),
      oracle: () => own(new Truth(this.workload, STEPS_AHEAD)),
    };
    const player = players[base!]!();
    return keys === undefined ? player : withKeySplits(player);
  }
}
