/** What shardlets weigh when they are shared among the members of a group. Written by workers, from forecasts. */

export interface Weights {
  /** when they were written, by the clock of the store; 0: never */
  readonly atMs: number;
  /** events per second: the expected rate, which is exceeded with probability .1 */
  readonly perSecond: ReadonlyMap<number, number>;
}

export const NO_WEIGHTS: Weights = Object.freeze({ atMs: 0, perSecond: new Map() });

/** Of the mean weight: what moves by less changes no assignment. */
const CHANGE_SHARE = 0.1;

/** Whether these are worth writing: every member of every group of the stream looks at its assignment then. */
export function areNews(before: Weights, perSecond: ReadonlyMap<number, number>): boolean {
  if (perSecond.size === 0) return false;
  if (before.perSecond.size !== perSecond.size) return true;
  let sum = 0;
  for (const weight of perSecond.values()) sum += weight;
  const enough = (CHANGE_SHARE * sum) / perSecond.size;
  for (const [id, weight] of perSecond) {
    const known = before.perSecond.get(id);
    if (known === undefined || Math.abs(weight - known) > enough) return true;
  }
  return false;
}
