/** Plays policies against one workload, each on a cluster that starts the same. */

import { AnnouncedLoad, type ReserveFigures } from './announced-load.ts';
import { COSTS, type CostModel } from './cost-model.ts';
import { Forecasts, type Foresight, losing, Truth } from './foresight.ts';
import { KEY_SPLITS, type KeySplitChoice, withKeySplits } from './key-splits.ts';
import { PSTORE_SHIPPED, type PStoreChoice, pStore } from './p-store.ts';
import { type PlannerChoice, PlannerPlayer, SHIPPED } from './planner-player.ts';
import type { PolicyPlayer } from './policy-player.ts';
import { AS_SHIPPED, cockroach, pulsar, type RivalChoice, STATIC, tikvPd } from './rivals.ts';
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
  'predictive+surges',
  'p-store',
  'reactive+hosts',
  'predictive+hosts',
  'oracle+hosts',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** total load at its 99.9th percentile over the capacity of all hosts, when no capacity is given */
const PEAK_USE = 0.9;
/** a move back within four times the settle time of the planner is a reversal, whoever makes it */
const REVERSAL_MINUTES = 480;
/** hosts there may be, over those of the start, where a policy starts and stops hosts */
const HOSTS_GROW = 2;

/** Events a minute of one host at which the hosts together are at 0.9 of their capacity at p99.9 of the test part. */
export function fittingCapacity(workload: Workload, hosts: number): number {
  const total = totalOf(workload).sort();
  // where a host dies, those that are left have to be enough
  const left = workload.hostDiesAt === undefined ? hosts : Math.max(1, hosts - 1);
  return total[Math.floor(0.999 * (total.length - 1))]! / left / PEAK_USE;
}

export interface ReplayOptions {
  readonly hosts: number;
  readonly capacity: number;
  readonly seed: number;
  readonly windowMinutes?: number;
  /** policies act, and nothing counts yet: how the keys happen to lie at the start is no policy's merit or fault */
  readonly warmUpMinutes?: number;
  /** part of all three-hour spans in which there is no forecast */
  readonly forecastsLost?: number;
}

/** Settings that differ from the shipped ones. */
export interface Choices {
  readonly planner?: PlannerChoice;
  readonly keys?: KeySplitChoice;
  readonly rival?: RivalChoice;
  readonly pStore?: PStoreChoice;
}

/** Forecasts are expensive and the same for all policies of a workload, so they are made where they are first needed. */
export class Replay {
  private readonly workload: Workload;
  private readonly options: ReplayOptions;
  private forecasts: Forecasts | undefined;

  constructor(workload: Workload, options: ReplayOptions) {
    this.workload = workload;
    this.options = options;
  }

  run(name: PolicyName, choices: Choices = {}): Score & { readonly surges?: ReserveFigures } {
    const model = this.modelFor(name);
    const world = new World(this.workload, model, this.options.seed, REVERSAL_MINUTES);
    const announced = name.endsWith('+surges') ? new AnnouncedLoad(this.workload, world.position) : undefined;
    const player = this.player(name, model, choices, announced);
    const scores = new Scores(model, this.options.windowMinutes);
    const { warmUpMinutes = 0 } = this.options;
    let before = { ...world.done, hostMinutes: 0 };
    const isUp = (host: number) => ['active', 'draining'].includes(world.fleet.status[host]!);
    for (let minute = 0; minute < this.workload.minutes; minute++) {
      for (const order of player.decide(world, minute)) world.order(order, minute);
      const burden = world.step(minute);
      if (minute >= warmUpMinutes) scores.minute(burden, isUp);
      else before = { ...world.done, hostMinutes: world.fleet.hostMinutes };
    }
    const score = scores.result(
      {
        moves: world.done.moves - before.moves,
        reversals: world.done.reversals - before.reversals,
        bytes: world.done.bytes - before.bytes,
        splits: world.done.splits - before.splits,
      },
      world.fleet.hostMinutes - before.hostMinutes,
    );
    return announced === undefined ? score : { ...score, surges: announced.figures() };
  }

  private modelFor(name: PolicyName): CostModel {
    const { hosts, capacity } = this.options;
    const isScaling = name === 'p-store' || name.endsWith('+hosts');
    return { ...COSTS, hosts, capacity, hostsMax: isScaling ? HOSTS_GROW * hosts : hosts };
  }

  private player(
    name: PolicyName,
    model: CostModel,
    choices: Choices,
    announced?: AnnouncedLoad,
  ): PolicyPlayer {
    const [base, with_] = name.split('+');
    const choice = choices.planner ?? SHIPPED;
    const own = (foresight?: Foresight) =>
      new PlannerPlayer(base!, choice, model, foresight, this.workload, announced);
    const players: Record<string, () => PolicyPlayer> = {
      static: () => STATIC,
      cockroachdb: () => cockroach(choices.rival ?? AS_SHIPPED.cockroachdb),
      'tikv-pd': () => tikvPd(choices.rival ?? AS_SHIPPED['tikv-pd']),
      pulsar: () => pulsar(choices.rival ?? AS_SHIPPED.pulsar),
      'p-store': () => pStore(this.workload, choices.pStore ?? PSTORE_SHIPPED),
      reactive: () => own(),
      predictive: () => own(this.known()),
      oracle: () => own(new Truth(this.workload)),
    };
    const player = players[base!]!();
    return with_ === 'keys' ? withKeySplits(player, model, choices.keys ?? KEY_SPLITS) : player;
  }

  private known(): Foresight {
    this.forecasts ??= new Forecasts(this.workload);
    const { forecastsLost = 0, seed } = this.options;
    return forecastsLost > 0 ? losing(this.forecasts, forecastsLost, seed) : this.forecasts;
  }
}
