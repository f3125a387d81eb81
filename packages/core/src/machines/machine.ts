/**
 *   start --> actions --performed by drive.ts--> answers --step, one at a time--> actions ... --> outcome
 *
 *   outcome: (finished) | (stale) another was first | (blocked) not yet | (refused) for a person | (paused) | (aborted)
 *
 * The shape of everything here: a passive machine that says what to do next, and the vocabulary it says it
 * in. A machine decides and does no IO; `drive` does the IO and decides nothing. So every order of replies,
 * every crash and every repetition can be tested without a server.
 *
 * A machine keeps nothing that must last: killed at any point, the same machine begun again from the topology store
 * finishes the same work, because every action is idempotent.
 */
import type {
  AdmitReply,
  CreateReply,
  Digest,
  EpochReply,
  EventHost,
  Full,
  IdSetInfo,
  IngestReply,
  KnownId,
  ParentRef,
  ReadReply,
  ReadyReply,
  ReplicaDetails,
  ReplicaInfo,
  ReplicaSpec,
  Stale,
  StoredRecord,
} from '../hosts/index.ts';
import { InvariantViolation } from '../kernel/index.ts';
import type { Decision, DecisionReply, TopologyMap } from '../topology/index.ts';
import type { MoveOrder, MoveProgress, MoveRef, MoveStep } from './orders.ts';

export type ReadyExpectation = Parameters<EventHost['ready']>[2];

interface OnReplica {
  readonly host: number;
  readonly shardlet: number;
  readonly epoch: number;
}

export type Action =
  /** host operations, with the names they have in the port */
  | ({ readonly kind: 'seal' } & OnReplica)
  | ({ readonly kind: 'raise' } & OnReplica)
  | ({ readonly kind: 'drop' } & OnReplica)
  | ({
      readonly kind: 'createOpen';
      readonly spec: ReplicaSpec;
      readonly parents: readonly ParentRef[];
    } & OnReplica)
  | { readonly kind: 'describe'; readonly host: number; readonly shardlet: number }
  /** the host is whole, by a mark sent after this: what it has shown before is still there */
  | { readonly kind: 'prove'; readonly host: number }
  | { readonly kind: 'adopt'; readonly host: number }
  | { readonly kind: 'admit'; readonly host: number; readonly generation: number; readonly promise: number }
  | { readonly kind: 'createFloor'; readonly host: number; readonly floor: number }
  | { readonly kind: 'list'; readonly host: number; readonly after: number; readonly limit: number }
  | ({ readonly kind: 'seek'; readonly ts: number } & Omit<OnReplica, 'epoch'>)
  | ({ readonly kind: 'trim'; readonly upTo: number } & OnReplica)
  | ({ readonly kind: 'createShadow'; readonly spec: ReplicaSpec } & OnReplica)
  | ({
      readonly kind: 'ingest';
      readonly records: readonly StoredRecord[];
      /** how many will follow, as far as it is known */
      readonly toCome: number;
    } & OnReplica)
  | ({
      readonly kind: 'ingestIds';
      readonly set: IdSetInfo;
      readonly ids: readonly KnownId[];
      readonly complete: boolean;
      /** where the set goes on after this chunk; for the machine, the host does not see it */
      readonly next?: number;
    } & OnReplica)
  | ({ readonly kind: 'truncate'; readonly seq: number } & OnReplica)
  | ({ readonly kind: 'digest'; readonly from: number; readonly to: number } & OnReplica)
  | ({ readonly kind: 'ready'; readonly expect: ReadyExpectation } & OnReplica)
  | ({ readonly kind: 'open' } & OnReplica)
  /** `epoch`: of the replica that is read, at least */
  | ({ readonly kind: 'read'; readonly from: number; readonly bytesMax: number } & OnReplica)
  | {
      readonly kind: 'readIds';
      readonly host: number;
      readonly shardlet: number;
      readonly set: IdSetInfo;
      readonly cursor: number;
    }
  /** what people and the throttle say about a move; answered when it may go on, or must not */
  | { readonly kind: 'consult'; readonly move: MoveRef; readonly progress: MoveProgress }
  /** for the journal of a move */
  | { readonly kind: 'note'; readonly move: MoveRef; readonly step: MoveStep }
  | { readonly kind: 'decide'; readonly decision: Decision<unknown> }
  /** brings the follower's map of the topology store up to date */
  | { readonly kind: 'readTopology' }
  /** drives other machines to their end, several at a time */
  | { readonly kind: 'run'; readonly machines: readonly Machine[] };

interface Replies {
  readonly seal: EpochReply;
  readonly raise: EpochReply;
  readonly drop: { readonly kind: 'dropped' } | Stale;
  readonly createOpen: CreateReply;
  readonly describe: ReplicaDetails | Stale;
  readonly prove: null;
  readonly adopt: boolean;
  readonly admit: AdmitReply;
  readonly createFloor: null;
  readonly list: readonly ReplicaInfo[];
  readonly seek: { readonly kind: 'seq'; readonly seq: number } | Stale;
  readonly trim: { readonly kind: 'trimmed'; readonly firstSeq: number } | Stale;
  readonly createShadow: CreateReply;
  readonly ingest: IngestReply;
  readonly ingestIds: { readonly kind: 'ingested' } | Stale | Full;
  readonly truncate: EpochReply;
  readonly digest: { readonly kind: 'digest'; readonly digest: Digest } | Stale;
  readonly ready: ReadyReply;
  readonly open: EpochReply;
  readonly read: ReadReply;
  readonly readIds: { readonly ids: readonly KnownId[]; readonly next: number | undefined };
  readonly consult: MoveOrder;
  readonly note: null;
  readonly decide: DecisionReply<unknown>;
  readonly readTopology: TopologyMap;
  readonly run: readonly Outcome[];
}

export type ActionOf<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;
export type ReplyTo<A extends Action> = Replies[A['kind']];

/** An action with its reply. */
export type Answer = {
  [K in Action['kind']]: { readonly kind: K; readonly action: ActionOf<K>; readonly reply: Replies[K] };
}[Action['kind']];

/**
 * How a machine ends. Only `finished` means that the topology store is settled; the others say why to look again
 * later.
 */
export type Outcome =
  | { readonly kind: 'finished' }
  /** a host or the topology store has moved on since the map was read: read the topology store again */
  | { readonly kind: 'stale'; readonly detail: string }
  /** the host cannot do it now (no memory) */
  | { readonly kind: 'blocked'; readonly detail: string }
  /** no answer: the outcome of the last action is unknown, a repeat is safe */
  | { readonly kind: 'unreachable'; readonly host: number; readonly detail: string }
  /** somebody wants it to wait; what was copied stays */
  | { readonly kind: 'paused'; readonly detail: string }
  /** given up before the commit: the source has it, at a new epoch */
  | { readonly kind: 'aborted'; readonly detail: string }
  /** needs a person; nothing was changed */
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string };

/**
 * Why a host is not used: its store belongs to another host, it went back to an older state (also to an empty
 * one) and nobody has accepted what is lost, or another control plane uses it (or this one was restored).
 */
export const REFUSAL_REASONS = ['other', 'regressed', 'foreign'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What to do after an answer; an outcome ends the machine. */
export interface Step<S> {
  readonly state: S;
  readonly actions: readonly Action[];
  readonly outcome?: Outcome;
}

export interface Machine<S = unknown> {
  /** what it works on, for logs */
  readonly name: string;
  start(): Step<S>;
  step(state: S, answer: Answer): Step<S>;
}

export function finish<S>(state: S, outcome: Outcome = { kind: 'finished' }): Step<S> {
  return { state, actions: [], outcome };
}

export function stale(what: string, found: Stale): Outcome {
  return { kind: 'stale', detail: `${what}: found ${found.mode} at epoch ${found.epoch}` };
}

/** A refused decision lost a race: whoever won it has moved the topology store on. */
export function settled(what: string, reply: DecisionReply<unknown>): Outcome {
  if (reply.kind === 'decided') return { kind: 'finished' };
  return { kind: 'stale', detail: `${what}: ${reply.refusal.reason}, ${reply.refusal.detail}` };
}

export function notCreated(what: string, reply: Exclude<CreateReply, { kind: 'created' }>): Outcome {
  switch (reply.kind) {
    case 'stale':
      return stale(what, reply);
    case 'full':
      return { kind: 'blocked', detail: `${what}: the host has no memory left` };
    case 'belowFloor':
      // the floor is never above an unsettled version, so the topology store has settled this one
      return { kind: 'stale', detail: `${what}: below the create floor ${reply.createFloor}` };
  }
}

/** For the answers a machine never asked for. */
export function unexpected(machine: string, answer: Answer): never {
  throw new InvariantViolation(`${machine} did not ask for ${answer.kind}`);
}
