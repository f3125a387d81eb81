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
  /** hottest host over the mean of active hosts, averaged over windows */
  readonly maxOverMean: number;
}

interface Done {
  readonly moves: number;
  readonly reversals: number;
  readonly bytes: number;
  readonly splits: number;
}

/** of the minute that a capacity is counted for */
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
  private windows = 0;
  private upMinutes = 0;
  private minutes = 0;
  private readonly windowMinutes: number;
  private readonly inWindow: Float64Array;

  constructor(model: CostModel, windowMinutes = 1) {
    this.model = model;
    this.windowMinutes = windowMinutes;
    this.backlog = new Float64Array(model.hostsMax);
    this.inWindow = new Float64Array(model.hostsMax);
  }

  /** `isUp`: the host takes load; all load of the others is too much. */
  minute(burden: Float64Array, isUp: (host: number) => boolean): void {
    burden.forEach((load, host) => {
      this.inWindow[host]! += load;
      this.events += load;
      const capacity = isUp(host) ? this.model.capacity : 0;
      if (load > capacity) this.overload++;
      this.excess += Math.max(0, load - capacity);
      this.backlog[host] = Math.max(0, this.backlog[host]! + load - capacity);
      this.waits.push({ ms: this.waitMs(load, this.backlog[host]!), events: load });
    });
    this.minutes++;
    this.upMinutes += burden.filter((_, host) => isUp(host)).length;
    if (this.minutes % this.windowMinutes === 0) this.closeWindow();
  }

  private closeWindow(): void {
    const sum = this.inWindow.reduce((total, load) => total + load, 0);
    if (sum > 0) {
      const most = this.inWindow.reduce((a, b) => Math.max(a, b), 0);
      this.unevenness += (most * this.upMinutes) / this.windowMinutes / sum;
      this.windows++;
    }
    this.inWindow.fill(0);
    this.upMinutes = 0;
  }

  result(done: Done, hostMinutes: number): Score {
    return {
      overloadMinutes: this.overload,
      excessShare: this.events > 0 ? this.excess / this.events : 0,
      p99Ms: this.p99(),
      moves: done.moves,
      reversals: done.reversals,
      megabytesMoved: done.bytes / 1e6,
      splits: done.splits,
      hostHours: hostMinutes / 60,
      maxOverMean: this.windows > 0 ? this.unevenness / this.windows : 0,
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
