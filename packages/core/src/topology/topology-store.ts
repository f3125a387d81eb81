/**
 * The port to the topology store. It is linearizable and it alone decides: every decision takes the next version of
 * one global clock inside the deciding transaction (never from a sequence: a follower of the change log would skip an
 * earlier version that commits later) and is appended to the change log.
 *
 * A decision is a pure rule. The store loads what the rule `needs`, calls it with the new version, and
 * commits what it puts, all in one transaction; losing a race is an ordinary refusal.
 */
import type { Change, ChangeSet, Garbage, Host, Shardlet, Stream, Topology } from './model.ts';

/** What a rule may look at. Asking for something it did not name in `needs` is an InvariantViolation. */
export interface TopologyView {
  /** the version, and so the epoch, this decision makes */
  readonly version: number;
  readonly nowMs: number;
  stream(id: number): Stream | undefined;
  streams(): readonly Stream[];
  host(id: number): Host | undefined;
  hosts(): readonly Host[];
  shardlet(id: number): Shardlet | undefined;
  /** the shardlets loaded by `needs` */
  shardlets(): readonly Shardlet[];
  garbage(): readonly Garbage[];
  /** allocates ids that were never used before */
  newShardletId(): number;
  newStreamId(): number;
  newHostId(): number;
}

/** Streams and hosts are few: a view always has all of them. Shardlets are named. */
export interface Needs {
  readonly shardlets?: readonly number[];
  readonly shardletsOfStream?: number;
  readonly shardletsOfHost?: number;
  readonly garbage?: boolean;
}

/** `unexamined`: the topology store was restored from a backup, and nobody has compared it with the hosts yet. */
export const REFUSALS = ['changed', 'unknown', 'exists', 'in_use', 'not_allowed', 'unexamined'] as const;

export interface Refusal {
  readonly reason: (typeof REFUSALS)[number];
  readonly detail: string;
}

export type Verdict<R> =
  | { readonly kind: 'accept'; readonly puts: Partial<ChangeSet>; readonly result: R }
  | { readonly kind: 'refuse'; readonly refusal: Refusal };

export interface Decision<R> {
  /** appears in the change log */
  readonly name: string;
  readonly needs: Needs;
  rule(view: TopologyView): Verdict<R>;
}

export type DecisionReply<R> =
  | { readonly kind: 'decided'; readonly version: number; readonly result: R }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface TopologyStore {
  /** The map and its version, read in one snapshot. */
  snapshot(): Promise<Topology>;
  /** Changes with a version above `version`, in order, without a gap. */
  changesAfter(version: number, limit: number): Promise<readonly Change[]>;
  /** `auditRow`: of the order that causes it; the change names it, in the same transaction. */
  decide<R>(decision: Decision<R>, actor: string, auditRow?: string): Promise<DecisionReply<R>>;
  close(): Promise<void>;
}

/**
 * Tells followers that the topology store has moved on. A lost message costs time, never truth: followers also poll.
 */
export interface ChangeNotifier {
  notify(version: number): Promise<void>;
  /** Answers the function that ends the subscription. */
  subscribe(listener: (version: number) => void): Promise<() => Promise<void>>;
}
