/**
 * A Hawkes process of several dimensions, drawn by thinning (Ogata, 1981): candidates come at a rate that is never below the true one,
 * and one is kept with the part of it that the true rate has there. Kernels are normal around a lag that may drift.
 */
import type { Random } from '../../kernel/index.ts';

export interface Excitation {
  readonly from: number;
  readonly to: number;
  /** events that one event excites, on average: with `c` of them, exp(-c) of the events excite none */
  readonly children: number;
  /** of an event at this time */
  readonly lag: (at: number) => number;
  /** standard deviation, as a part of the lag */
  readonly spread: number;
}

export interface HawkesEvent {
  readonly at: number;
  readonly dimension: number;
}

interface Kernel {
  readonly to: number;
  readonly children: number;
  readonly middle: number;
  readonly deviation: number;
}

const REACH = 4;

export function hawkes(
  random: Random,
  background: readonly number[],
  excitations: readonly Excitation[],
  until: number,
): HawkesEvent[] {
  const events: HawkesEvent[] = [];
  const base = background.reduce((sum, rate) => sum + rate, 0);
  let kernels: Kernel[] = [];
  for (let at = 0; ; ) {
    kernels = kernels.filter(({ middle, deviation }) => at < middle + REACH * deviation);
    const bound = base + kernels.reduce((sum, kernel) => sum + peakOf(kernel), 0);
    at -= Math.log(1 - random.next()) / bound;
    if (at >= until) return events;
    const dimension = drawn(random.next() * bound, background, kernels, at);
    if (dimension === undefined) continue;
    events.push({ at, dimension });
    for (const { from, to, children, lag, spread } of excitations) {
      if (from !== dimension) continue;
      const own = lag(at);
      kernels.push({ to, children, middle: at + own, deviation: own * spread });
    }
  }
}

/** Which dimension the candidate belongs to; undefined: it is thinned out. */
function drawn(
  value: number,
  background: readonly number[],
  kernels: readonly Kernel[],
  at: number,
): number | undefined {
  let left = value;
  for (const [dimension, rate] of background.entries()) {
    left -= rate;
    if (left < 0) return dimension;
  }
  for (const kernel of kernels) {
    left -= peakOf(kernel) * Math.exp(-0.5 * ((at - kernel.middle) / kernel.deviation) ** 2);
    if (left < 0) return kernel.to;
  }
  return undefined;
}

function peakOf({ children, deviation }: Kernel): number {
  return children / (deviation * Math.sqrt(2 * Math.PI));
}
