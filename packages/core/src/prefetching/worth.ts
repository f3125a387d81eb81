/**
 * Whether fetching what the map expects is worth it. Each five minutes are one observation: the wait that readers were spared, less a
 * part of the time that hosts spent on what nobody needed. The mean of a day has an interval by the bootstrap; while that is not
 * above 0, nothing is fetched for the map.
 *
 *   trial --an interval above 0--> worth it --not any more--> stands aside --a day--> trial
 *      \-------------not---------------------------------------/
 */
import { type Random, seededRandom } from '../kernel/index.ts';

export const BUCKET_MS = 300_000;
export const TRIAL_BUCKETS = 6;
const DAY_MS = 86_400_000;
const BUCKETS_MAX = DAY_MS / BUCKET_MS;
const SAMPLES = 400;
/** of the means of samples, below and above the interval */
const TAIL = 0.05;
/** A host that fetches in vain keeps others waiting only now and then: it weighs a tenth of a wait. */
const PRICE_OF_WASTE = 0.1;

export interface Outcome {
  readonly reads: number;
  /** wait that readers were spared, beside the same cache and read-ahead alone; below 0: they waited longer */
  readonly savedMs: number;
  /** time of fetches that nobody needed */
  readonly wastedMs: number;
}

export interface Interval {
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

export type Standing =
  | { readonly kind: 'trial'; readonly sinceMs: number }
  | { readonly kind: 'worth'; readonly sinceMs: number; readonly gainMs: Interval }
  | { readonly kind: 'aside'; readonly sinceMs: number; readonly untilMs: number; readonly gainMs: Interval };

export class Worth {
  standing: Standing;
  private outcomes: Outcome[] = [];

  constructor(nowMs: number) {
    this.standing = { kind: 'trial', sinceMs: nowMs };
  }

  get isOn(): boolean {
    return this.standing.kind !== 'aside';
  }

  /** Of the last five minutes, in which it was on. Those without a read and without a fetch say nothing. */
  observe(outcome: Outcome, nowMs: number): void {
    const { standing } = this;
    if (standing.kind === 'aside') {
      this.tryAgain(standing.untilMs, nowMs);
      return;
    }
    if (outcome.reads === 0 && outcome.wastedMs === 0) return;
    this.outcomes = [...this.outcomes, outcome].slice(-BUCKETS_MAX);
    if (this.outcomes.length < TRIAL_BUCKETS) return;
    const gainMs = gainOf(this.outcomes, seededRandom(this.outcomes.length));
    if (gainMs.low <= 0) this.standing = { kind: 'aside', sinceMs: nowMs, untilMs: nowMs + DAY_MS, gainMs };
    else
      this.standing = {
        kind: 'worth',
        sinceMs: standing.kind === 'worth' ? standing.sinceMs : nowMs,
        gainMs,
      };
  }

  private tryAgain(untilMs: number, nowMs: number): void {
    if (nowMs < untilMs) return;
    this.outcomes = [];
    this.standing = { kind: 'trial', sinceMs: nowMs };
  }
}

/** Milliseconds gained a read. REQUIRES at least one outcome. */
export function gainOf(outcomes: readonly Outcome[], random: Random): Interval {
  const means = Array.from({ length: SAMPLES }, () =>
    meanOf(outcomes.map(() => outcomes[Math.floor(random.next() * outcomes.length)]!)),
  ).sort((a, b) => a - b);
  return {
    low: means[Math.floor(TAIL * SAMPLES)]!,
    mean: meanOf(outcomes),
    high: means[Math.ceil((1 - TAIL) * SAMPLES) - 1]!,
  };
}

function meanOf(outcomes: readonly Outcome[]): number {
  let [reads, gained] = [0, 0];
  for (const outcome of outcomes) {
    reads += outcome.reads;
    gained += outcome.savedMs - PRICE_OF_WASTE * outcome.wastedMs;
  }
  return gained / Math.max(1, reads);
}
