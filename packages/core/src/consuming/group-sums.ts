/**
 * What a list of groups shows of each, without its positions: the store sums them up where they are. A group has as many
 * positions as its stream has shardlets, and there may be a thousand groups.
 */
import { finalSeqOf, type Shardlet } from '../topology/index.ts';

/** Where a shardlet starts, and ends now or for good. */
export interface ShardletEnd {
  readonly shardlet: number;
  readonly stream: number;
  readonly isClosed: boolean;
  /** of the oldest event that is kept, or behind the last one; undefined: its host does not answer */
  readonly firstSeq: number | undefined;
  /** undefined: its host does not answer */
  readonly lastSeq: number | undefined;
}

export interface GroupSums {
  readonly group: string;
  readonly version: number;
  readonly members: number;
  /** a sum of seqs, which means nothing but its growth */
  readonly processed: number;
  readonly skipped: number;
  /** shardlets that somebody has, and has not processed to their end */
  readonly held: number;
  /** of them: on their way to another member */
  readonly revoking: number;
  /** of shardlets whose end is known; all that is kept of those without a position */
  readonly lag: number;
  /** shardlets whose end, or start where there is no position, is not known, or whose end is before their position */
  readonly unknown: number;
  /** closed shardlets of the stream that are not processed to their end, or held there for a last checkpoint */
  readonly unfinished: readonly number[];
}

/** How many shardlets may be worked on, and how many wait for ancestors. */
export interface StandingCounts {
  readonly workable: number;
  readonly waiting: number;
}

/**
 * As `standingOf`, from what is not finished. REQUIRES shardlets in the order of ids, which grow along the lineage.
 * Losses of hosts are left out: the next sign of life of a member sets positions back.
 */
export function countStanding(
  shardlets: readonly Shardlet[],
  { unfinished }: Pick<GroupSums, 'unfinished'>,
): StandingCounts {
  const blocking = new Set(unfinished);
  let [workable, waiting] = [0, 0];
  for (const shardlet of shardlets) {
    const { id, parents } = shardlet;
    const isDone = finalSeqOf(shardlet) !== undefined && !blocking.has(id);
    const waits = parents.some((parent) => blocking.has(parent));
    if (!isDone || waits) blocking.add(id);
    if (isDone) continue;
    if (waits) waiting++;
    else workable++;
  }
  return { workable, waiting };
}
