/**
 * What all shardlets may have more at once. The doubts of single shardlets even out on a host; the doubt of the total
 * does not, since it is common to all of them: a match begins, and everything is asked for more. It counts as far as
 * the cluster as a whole can be placed at the mark; what surges beyond that no placement helps, only more hosts.
 */
export interface Surge {
  /** distance of the total to its 90 % quantile, over its middle */
  readonly commonDoubt: number;
  /** how many of these distances count; of a normal distribution 2 reach the 99.5 % quantile */
  readonly distances: number;
  /** what the total may grow to before the cluster is full as a whole, events a minute */
  readonly room: number;
}

/** Factor of all demands, 1 or more. */
export function surgeFactor(total: number, { commonDoubt, distances, room }: Surge): number {
  if (total <= 0) return 1;
  return Math.max(1, Math.min(1 + distances * commonDoubt, room / total));
}
