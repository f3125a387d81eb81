/**
 * Decisions of a time, out of a log that is ordered by version. Versions rise with time (one clock row),
 * so the first version of a time is found by halving, whatever store keeps the log.
 */
import type { Change } from './model.ts';
import type { TopologyStore } from './topology-store.ts';

const PAGE = 500;

export interface History {
  readonly changes: readonly Change[];
  /** false when there were more than asked for: these are the oldest */
  readonly isWhole: boolean;
}

/** The decisions with fromMs <= time < toMs, oldest first, at most `limit`. */
export async function changesBetween(
  store: Pick<TopologyStore, 'changesAfter'>,
  versionNow: number,
  { fromMs, toMs, limit }: { readonly fromMs: number; readonly toMs: number; readonly limit: number },
): Promise<History> {
  const changes: Change[] = [];
  let after = await lastVersionBefore(store, versionNow, fromMs);
  for (;;) {
    const page = await store.changesAfter(after, PAGE);
    for (const change of page) {
      if (change.at >= toMs) return { changes, isWhole: true };
      if (changes.length === limit) return { changes, isWhole: false };
      changes.push(change);
    }
    if (page.length === 0) return { changes, isWhole: true };
    after = page.at(-1)!.version;
  }
}

async function lastVersionBefore(
  store: Pick<TopologyStore, 'changesAfter'>,
  versionNow: number,
  atMs: number,
): Promise<number> {
  let [low, high] = [0, versionNow]; // the answer is in low..high
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [next] = await store.changesAfter(middle, 1);
    if (next === undefined || next.at >= atMs) high = middle;
    else low = next.version;
  }
  return low;
}
