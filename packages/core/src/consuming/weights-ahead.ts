/**
 * What shardlets will weigh: the mean of what is forecast for the time that a hand-over should pay off in. The 90 %
 * quantile, so that of two shardlets with the same expected load the one that is less certain counts more.
 */

/** What every shardlet will have around a time, events per second by level; empty where nothing was forecast. */
export type LoadsAhead = (atMs: number) => Promise<ReadonlyMap<number, Readonly<Record<string, number>>>>;

/** Over less, hand-overs follow noise; over more, they come late for a peak. */
const AHEAD_MS = 1_800_000;
const LOOKS = 3;
const LEVEL = '0.9';

/** Events per second, by shardlet; empty: nothing is forecast. */
export async function weightsAhead(loadsAhead: LoadsAhead, nowMs: number): Promise<Map<number, number>> {
  const weights = new Map<number, number>();
  for (let look = 0; look < LOOKS; look++) {
    const loads = await loadsAhead(nowMs + (look * AHEAD_MS) / LOOKS);
    if (look > 0 && loads.size === 0) return weights;
    for (const [id, levels] of loads) {
      const mean = weights.get(id);
      const load = levels[LEVEL] ?? 0;
      weights.set(id, mean === undefined ? load : (mean * look + load) / (look + 1));
    }
  }
  return weights;
}
