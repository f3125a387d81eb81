/**
 * Two versions compared pair by pair. Each pair gives one ratio; their geometric mean has a 95 % interval by Student's
 * t over the logarithms, since ratios of the same size up and down are as likely. Pairs run A B, then B A, so that
 * what drifts does not favour one.
 */
export interface Compared {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, 1 to 30 (any table of it). */
const T_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const T_MANY = 1.96;

/** REQUIRES two ratios or more, all above 0. */
export function compared(ratios: readonly number[]): Compared {
  const logs = ratios.map(Math.log);
  const n = logs.length;
  const mean = logs.reduce((a, b) => a + b, 0) / n;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (n - 1);
  const half = (T_95[n - 2] ?? T_MANY) * Math.sqrt(variance / n);
  return { mean: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half), pairs: n };
}

/** The figures of each side, a figure a pair. */
export async function inPairs<T>(
  sides: readonly [() => Promise<T>, () => Promise<T>],
  pairs: number,
): Promise<[T[], T[]]> {
  const results: [T[], T[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++)
    for (const side of pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
      results[side].push(await sides[side]());
  return results;
}
