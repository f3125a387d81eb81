/** How workers share slices: as evenly as they can, and a worker that has more than its share gives the last ones back. */

export interface HeldSlice {
  readonly stream: number;
  readonly slice: number;
  /** undefined: nobody, or somebody whose lease is over */
  readonly holder: string | undefined;
}

export interface Sharing {
  /** to be taken now */
  readonly take: readonly HeldSlice[];
  readonly giveBack: readonly HeldSlice[];
}

/** `workers`: that live, with this one. */
export function sharingOf(slices: readonly HeldSlice[], worker: string, workers: number): Sharing {
  const share = Math.ceil(slices.length / Math.max(1, workers));
  const own = slices.filter(({ holder }) => holder === worker);
  const free = slices.filter(({ holder }) => holder === undefined);
  return {
    take: free.slice(0, Math.max(0, share - own.length)),
    giveBack: own.slice(share),
  };
}
