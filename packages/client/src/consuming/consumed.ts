/** What handlers get. */
import type { StoredEvent } from '../events.ts';
import type { GroupBatch } from './group-calls.ts';

/** The place that a re-driven event had first, and who gave it once more. */
export interface Redriven {
  /** names the dead letter */
  readonly letter: string;
  readonly stream: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  readonly by: string;
  readonly note: string;
}

export interface ConsumedEvent extends StoredEvent {
  /** undefined of an event that comes for the first time */
  readonly redriven?: Redriven | undefined;
}

/** Events of one shardlet, in order. */
export type ConsumedBatch = Omit<GroupBatch, 'events'> & { readonly events: readonly ConsumedEvent[] };
