/**
 * What people and programs asked for, and what became of it. A command has a row before it is carried out and one
 * after it, so nothing changes without a trace; one that was not permitted has a single row.
 */
import type { Principal, PrincipalKind } from '../access/index.ts';

export const AUDIT_SURFACES = ['edge', 'console', 'command line', 'worker'] as const;
export type AuditSurface = (typeof AUDIT_SURFACES)[number];

/** Where a call comes from. */
export interface Origin {
  readonly surface: AuditSurface;
  /** address of the client; empty where there is none */
  readonly address: string;
  readonly requestId: string;
  readonly sessionId?: string | undefined;
}

export interface AuditEntry {
  readonly principal: Principal;
  readonly origin: Origin;
  readonly operation: string;
  readonly resource: string;
  /** what it is about, as people name it; empty: the whole cluster */
  readonly target: string;
  readonly reason: string;
  /** without secrets */
  readonly input: unknown;
}

export interface AuditResult {
  /** denied: only its handler could judge whether it is permitted, as whose a thing is is known there */
  readonly outcome: 'done' | 'failed' | 'denied';
  /** code of the refusal, and its words */
  readonly code?: string;
  readonly detail?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What writes rows. Every method fails if the row is not durable. */
export interface AuditWriter {
  /** Before the operation: answers the row that `completed` names. */
  started(entry: AuditEntry): Promise<string>;
  /** What `work` changes in the store of the log names that row, in the transaction of the change. */
  during<T>(id: string, work: () => Promise<T>): Promise<T>;
  completed(id: string, entry: AuditEntry, result: AuditResult): Promise<void>;
  denied(entry: AuditEntry, code: string, detail: string): Promise<void>;
  /** In one row, after it happened: what changes nothing, such as reading payloads, and signing in. */
  done(entry: AuditEntry): Promise<void>;
}

/**
 * `under way`: started, and it has no end yet; `unknown`: the same, for longer than any order takes; `carried out`: so it
 * was, and a change of the topology or in PostgreSQL names it
 */
export const AUDIT_OUTCOMES = ['done', 'failed', 'denied', 'carried out', 'under way', 'unknown'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What takes longer without an end has lost its process or the database in between. */
export const UNDER_WAY_MS_MAX = 600_000;

/** One order, of one row or two. */
export interface AuditRecord {
  /** of its last row; ids grow */
  readonly id: string;
  /** of the row before it was carried out; undefined: there is none, or it is this one */
  readonly startedId: string | undefined;
  /** when it was asked for */
  readonly at: Date;
  /** when its last row was written */
  readonly endedAt: Date;
  readonly outcome: AuditOutcome;
  readonly actorKind: PrincipalKind;
  readonly actorId: string;
  readonly actor: string;
  readonly sessionId: string | undefined;
  readonly address: string;
  readonly surface: AuditSurface;
  readonly operation: string;
  readonly resource: string;
  readonly target: string;
  readonly requestId: string;
  readonly reason: string;
  readonly input: unknown;
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly before: unknown;
  readonly after: unknown;
  /** number in the chain of its last row; undefined: not sealed yet */
  readonly seal: number | undefined;
}

export interface AuditQuestion {
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  readonly resource?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: Date | undefined;
  /** exclusive */
  readonly to?: Date | undefined;
  /** somewhere in what is recorded */
  readonly text?: string | undefined;
  /** only rows below this id: the next page */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** A row that started, and has no end for longer than any order takes. */
export interface OpenOrder {
  readonly id: string;
  readonly at: Date;
  /** when something in PostgreSQL was changed for it; null: nothing that names it */
  readonly changedAt: Date | null;
}

/** What shows that an order was carried out, in part at least. */
export type EffectProof =
  | { readonly kind: 'topology'; readonly version: number }
  | { readonly kind: 'database'; readonly at: Date };

/** For who gives such rows an end, where one can be known. */
export interface OpenOrders {
  /** Those that started within this time, the oldest first. */
  openBetween(from: Date, to: Date, limit: number): Promise<readonly OpenOrder[]>;
  /** Nothing happens if it has an end by now. */
  carriedOut(id: string, proof: EffectProof): Promise<void>;
  /** Of changes before that time it is not kept any more which order they were for; answers how many. */
  forgetEffects(before: Date): Promise<number>;
}

export interface AuditReader {
  /** Newest first. */
  list(question: AuditQuestion): Promise<readonly AuditRecord[]>;
  /** By the id of either of its rows. */
  show(id: string): Promise<AuditRecord | undefined>;
}

/** What the worker that seals the chain has found. */
export interface ChainState {
  /** number and hash of the newest seal */
  readonly head: { readonly number: number; readonly hash: string; readonly at: string } | null;
  /** rows without a seal */
  readonly unsealed: number;
  /** up to which seal, and when, the whole chain was verified last */
  readonly verified: { readonly to: number; readonly at: string } | null;
  /** what is wrong with the chain; null: nothing was found */
  readonly fault: string | null;
}
