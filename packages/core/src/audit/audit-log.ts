/**
 * What people and programs asked for, and what became of it. A command has a row before it is carried out and one
 * after it, so nothing changes without a trace; one that was not permitted has a single row.
 */
import type { Principal } from '../access/index.ts';

export const AUDIT_SURFACES = ['edge', 'console', 'command line', 'worker'] as const;
export type AuditSurface = (typeof AUDIT_SURFACES)[number];

/** Where a call comes from. */
export interface Origin {
  readonly surface: AuditSurface;
  /** address of the client; empty where there is none */
  readonly address: string;
  readonly requestId: string;
  readonly sessionId?: string;
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
  readonly outcome: 'done' | 'failed';
  /** code of the refusal, and its words */
  readonly code?: string;
  readonly detail?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What writes rows. Every method fails if the row is not durable. */
export interface AuditWriter {
  /** Before the operation: answers the row that `completed` names. */
  begun(entry: AuditEntry): Promise<string>;
  completed(id: string, entry: AuditEntry, result: AuditResult): Promise<void>;
  denied(entry: AuditEntry, code: string, detail: string): Promise<void>;
}
