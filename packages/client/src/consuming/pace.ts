/** How much a member fetches, handles and commits at a time, and how often it gives signs of life. */
export interface Pacing {
  /** events that are fetched and not processed; 8 MB, and one answer more */
  readonly bytesAheadMax?: number | undefined;
  /** of one answer; 500 */
  readonly batchEventsMax?: number | undefined;
  /** shardlets that are handled at the same time; 1. Each is handled in its order. */
  readonly concurrency?: number | undefined;
  /** signs of life; at most a third of the session; 3 s */
  readonly heartbeatMs?: number | undefined;
  /** how often positions within a batch are committed; 1 s. The end of a batch is committed at once. */
  readonly commitEveryMs?: number | undefined;
  /** how long handlers have when it ends, before their signal is aborted; 30 s */
  readonly closeMs?: number | undefined;
  /** go to the edge whose caches are warm for this member; true. Its address comes from the edge. */
  readonly followPreferredEdge?: boolean | undefined;
}

export interface Pace {
  readonly bytesAheadMax: number;
  readonly batchEventsMax: number;
  readonly concurrency: number;
  readonly heartbeatMs: number;
  readonly commitEveryMs: number;
  readonly closeMs: number;
  readonly eventsMax: number;
  readonly followPreferredEdge: boolean;
}

const BYTES_AHEAD_MAX = 8_000_000;
const BATCH_EVENTS_MAX = 500;
const HEARTBEAT_MS = 3_000;
const COMMIT_EVERY_MS = 1_000;
const CLOSE_MS = 30_000;

/** @throws RangeError for a number with which it would never do anything, or never end */
export function paceOf(options: Pacing, eventsMax = Number.POSITIVE_INFINITY): Pace {
  const { bytesAheadMax, batchEventsMax, concurrency } = options;
  const counts = { eventsMax, bytesAheadMax, batchEventsMax, concurrency };
  for (const [name, value] of Object.entries(counts))
    if (value !== undefined && !(value >= 1)) throw new RangeError(`${name} is 1 at least, not ${value}`);
  return {
    eventsMax,
    bytesAheadMax: options.bytesAheadMax ?? BYTES_AHEAD_MAX,
    batchEventsMax: options.batchEventsMax ?? BATCH_EVENTS_MAX,
    concurrency: options.concurrency ?? 1,
    heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
    commitEveryMs: options.commitEveryMs ?? COMMIT_EVERY_MS,
    closeMs: options.closeMs ?? CLOSE_MS,
    followPreferredEdge: options.followPreferredEdge ?? true,
  };
}
