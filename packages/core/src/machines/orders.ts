/**
 * What a move tells the people who watch it, and what they tell the move. The machine asks before each chunk
 * and before the point after which edges have to wait; whoever carries out the question also waits as long
 * as the throttle wants it to, so that the machine itself knows no time.
 */

/** A move is named by its shardlet and the epoch that was fixed when it was prepared. */
export interface MoveRef {
  readonly shardlet: number;
  readonly nextEpoch: number;
  readonly source: number;
  readonly dest: number;
}

/** In this order; a move that is taken over by another worker begins again and skips what is there. */
export const MOVE_PHASES = ['prepare', 'copy', 'verify', 'cutover', 'open', 'done'] as const;
export type MovePhase = (typeof MOVE_PHASES)[number];

export interface MoveProgress {
  readonly phase: MovePhase;
  /** copied in this run of the machine, since it last asked */
  readonly bytes: number;
  readonly records: number;
  /** last seq of the source and of the copy, as far as they are known: their difference is the lag */
  readonly sourceSeq: number;
  readonly copiedSeq: number;
}

export type MoveOrder =
  /** `chunkBytes`: how much to copy before asking again */
  | { readonly kind: 'go'; readonly chunkBytes: number }
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string };

/** Half a megabyte is taken in within some milliseconds: appends beside it wait no longer than that. */
export const CHUNK_BYTES_DEFAULT = 500_000;

/** One line of the journal: what was done, and how many bytes it moved. */
export interface MoveStep {
  readonly what:
    | 'shadow created'
    | 'copied'
    | 'ids copied'
    | 'verified'
    | 'differed'
    | 'trimmed'
    | 'sealed'
    | 'ready'
    | 'committed'
    | 'opened'
    | 'settled'
    | 'aborted';
  readonly bytes: number;
  readonly detail: string;
  /** what was copied since the last question, where no other follows */
  readonly progress?: MoveProgress;
}

/** Where a worker meets the orders of people, the throttle and the journal. */
export interface MoveSupervisor {
  consult(move: MoveRef, progress: MoveProgress): Promise<MoveOrder>;
  note(move: MoveRef, step: MoveStep): Promise<void>;
}

/** Nobody watches and nothing is throttled: for readmission, tests and the simulation. */
export const NO_SUPERVISOR: MoveSupervisor = {
  consult: async () => ({ kind: 'go', chunkBytes: CHUNK_BYTES_DEFAULT }),
  note: async () => {},
};
