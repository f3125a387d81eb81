/**
 * What a policy is judged by. The queue of a host is fluid: what does not fit into a minute waits, and the wait on top
 * of the M/M/1 residence time at that load gives the 99th percentile.
 */
import type { CostModel } from './cost-model.ts';

export interface Score {
  readonly overloadMinutes: number;
  /** part of all events that came when their host was over its capacity, beyond it */
  readonly excessShare: number;
  readonly p99Ms: number;
  readonly moves: number;
  readonly reversals: number;
  readonly megabytesMoved: number;
  readonly splits: number;
  readonly hostHours: number;
  /** hottest host over the mean, averaged over minutes */
  readonly maxOverMean: number;
}

/** service time of one event on an idle host that is made for its capacity */
const SECONDS = 60;
const LN_100 = Math.log(100);
/** M/M/1 has no answer at full load; what is above waits in the backlog anyway */
const UTILISATION_MAX = 0.99;

export class Scores {
  private readonly model: CostModel;
  private readonly backlog: Float64Array;
  private readonly waits: { readonly ms: number; readonly events: number }[] = [];
  private overload = 0;
  private excess = 0;
  private events = 0;
  private unevenness = 0;
  private minutes = 0;

  constructor(model: CostModel) {
    this.model = model;
    this.backlog = new Float64Array(model.hosts);
  }

  minute(burden: Float64Array): void {
    const { capacity } = this.model;
    let most = 0;
    let sum = 0;
    burden.forEach((load, host) => {
      most = Math.max(most, load);
      sum += load;
      this.events += load;
      if (load > capacity) this.overload++;
      this.excess += Math.max(0, load - capacity);
      this.backlog[host] = Math.max(0, this.backlog[host]! + load - capacity);
      this.waits.push({ ms: this.waitMs(load, this.backlog[host]!), events: load });
    });
    this.minutes++;
    if (sum > 0) this.unevenness += (most * burden.length) / sum;
  }

  result(done: { moves: number; reversals: number; bytes: number; splits: number }): Score {
    return {
      overloadMinutes: this.overload,
      excessShare: this.events > 0 ? this.excess / this.events : 0,
      p99Ms: this.p99(),
      moves: done.moves,
      reversals: done.reversals,
      megabytesMoved: done.bytes / 1e6,
      splits: done.splits,
      hostHours: (this.model.hosts * this.minutes) / 60,
      maxOverMean: this.minutes > 0 ? this.unevenness / this.minutes : 0,
    };
  }

  private waitMs(load: number, backlog: number): number {
    const perSecond = this.model.capacity / SECONDS;
    const utilisation = Math.min(UTILISATION_MAX, load / this.model.capacity);
    return 1_000 * (LN_100 / (perSecond * (1 - utilisation)) + backlog / perSecond);
  }

  private p99(): number {
    const sorted = this.waits.sort((a, b) => a.ms - b.ms);
    let rest = 0.01 * this.events;
    for (let at = sorted.length - 1; at >= 0; at--) {
      rest -= sorted[at]!.events;
      if (rest <= 0) return sorted[at]!.ms;
    }
    return 0;
  }
}
