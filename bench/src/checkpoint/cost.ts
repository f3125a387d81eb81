/**
 * Expected cost of a plan of checkpoints, in checkpoints: their number, and the replay of a failure at any moment times its
 * probability. Failures are such that Young's interval, sqrt(2 x cost x time between failures), has the length asked for.
 * A checkpoint is taken at a full minute, by every rule.
 */
import { ASSUMED, type Scene } from './scene.ts';

const INTERVALS_TRIED = [0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.3, 1.5, 2];
/** a stretch without a checkpoint that costs as much as this many is never the best one */
const STRETCH_MAX = 6;

export class ExpectedCost {
  private readonly scene: Scene;
  private readonly young: number;
  /** checkpoints a minute of waiting costs for each event to replay */
  private readonly perEventMinute: number;
  /** integral of the events, up to each minute */
  private readonly area: Float64Array;

  constructor(scene: Scene, youngMinutes: number) {
    this.scene = scene;
    this.young = youngMinutes;
    this.perEventMinute = 2 / (scene.meanPerMinute * youngMinutes ** 2);
    this.area = new Float64Array(scene.minutes + 1);
    for (let m = 0; m < scene.minutes; m++)
      this.area[m + 1] = this.area[m]! + (scene.before[m]! + scene.before[m + 1]!) / 2;
  }

  /** hours between failures at which Young's interval is the one asked for */
  get failureIntervalHours(): number {
    const { checkpointSeconds, replayOverMeanRate } = ASSUMED;
    return (this.young * 60) ** 2 / (2 * checkpointSeconds * replayOverMeanRate) / 3_600;
  }

  of(checkpoints: readonly number[]): number {
    const minutes = [...new Set(checkpoints.map(Math.round))];
    let [cost, last] = [minutes.length, 0];
    for (const minute of [...minutes, this.scene.minutes]) {
      cost += this.stretch(last, minute);
      last = minute;
    }
    return cost;
  }

  /** By dynamic programming over full minutes, with the future known. */
  optimum(): number {
    const { minutes } = this.scene;
    const least = new Float64Array(minutes + 1).fill(Number.POSITIVE_INFINITY);
    // the part begins with a checkpoint that no rule pays
    least[0] = -1;
    for (let end = 1; end <= minutes; end++)
      for (let start = end - 1; start >= 0; start--) {
        const stretch = this.stretch(start, end);
        if (stretch > STRETCH_MAX && end - start > 1) break;
        least[end] = Math.min(least[end]!, least[start]! + 1 + stretch);
      }
    return least[minutes]!;
  }

  /** Checkpoint when the replay accrued since the last one costs as much as one. */
  accrual(): number {
    const taken: number[] = [];
    let last = 0;
    for (let minute = 1; minute < this.scene.minutes; minute++) {
      if (this.stretch(last, minute) < 1) continue;
      taken.push(minute);
      last = minute;
    }
    return this.of(taken);
  }

  youngDaly(): number {
    return this.of(this.every(this.young));
  }

  bestInterval(): number {
    return Math.min(...INTERVALS_TRIED.map((part) => this.of(this.every(part * this.young))));
  }

  private every(minutes: number): number[] {
    return Array.from({ length: Math.ceil(this.scene.minutes / minutes) - 1 }, (_, i) => (i + 1) * minutes);
  }

  /** Expected replay from one checkpoint to the next, in checkpoints. */
  private stretch(start: number, end: number): number {
    return (
      this.perEventMinute * (this.area[end]! - this.area[start]! - (end - start) * this.scene.before[start]!)
    );
  }
}
