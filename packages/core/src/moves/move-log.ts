/**
 * The port to what people want of moves and what became of them. It lasts: a pause survives every restart.
 * That a shardlet moves, and where to, stands in T alone; a move that is missing here is added when it is
 * seen, and one that T has ended is ended here.
 */
import { z } from 'zod';
import { MOVE_PHASES, type MoveProgress, type MoveRef, type MoveStep } from '../machines/index.ts';

const count = z.int().min(0);

export const MOVE_ORDERS = ['go', 'pause', 'abort'] as const;
export const MOVE_RESULTS = ['moved', 'aborted'] as const;

export const moveSchema = z.object({
  /** names the move: the version of the decision that prepared it */
  id: count,
  shardlet: z.int().min(1),
  kind: z.enum(['open', 'closed']),
  source: z.int().min(1),
  dest: z.int().min(1),
  /** who asked for it, and why */
  actor: z.string(),
  reason: z.string(),
  createdAtMs: z.int(),
  /** not committed by then, it is aborted */
  deadlineAtMs: z.int().nullable(),
  order: z.enum(MOVE_ORDERS),
  orderReason: z.string(),
  orderedBy: z.string().nullable(),
  bytesPerSecondMax: z.int().min(1).nullable(),
  phase: z.enum(MOVE_PHASES),
  /** who works on it, or did last */
  worker: z.string().nullable(),
  startedAtMs: z.int().nullable(),
  updatedAtMs: z.int(),
  bytes: count,
  records: count,
  bytesPerSecond: z.number().min(0),
  sourceSeq: count,
  copiedSeq: count,
  /** why it does not get on just now; empty when it does */
  obstacle: z.string(),
  endedAtMs: z.int().nullable(),
  result: z.enum(MOVE_RESULTS).nullable(),
  detail: z.string(),
});
export type Move = z.infer<typeof moveSchema>;

export interface MoveIntent {
  readonly move: MoveRef;
  readonly kind: Move['kind'];
  readonly actor: string;
  readonly reason: string;
  readonly deadlineAtMs?: number | undefined;
  readonly bytesPerSecondMax?: number | undefined;
}

export interface JournalEntry extends MoveStep {
  readonly atMs: number;
  readonly worker: string;
}

/** What holds for all moves together. `paused` is the kill switch. */
export const moveControlsSchema = z.object({
  paused: z.boolean(),
  reason: z.string(),
  changedBy: z.string().nullable(),
  /** shared by all moves that run; null: only the throttle by latency */
  bytesPerSecondMax: z.int().min(1).nullable(),
  /** moves of all workers at once */
  concurrencyMax: z.int().min(1).max(256),
});
export type MoveControls = z.infer<typeof moveControlsSchema>;

export interface MoveLog {
  /** Adds what is not there yet; the first intent of a move wins. */
  add(intents: readonly MoveIntent[]): Promise<void>;
  find(id: number): Promise<Move | undefined>;
  /** Newest first. */
  list(options: { readonly ended: boolean; readonly limit: number }): Promise<Move[]>;
  /** `false` when the move is unknown or has ended. */
  order(id: number, order: Move['order'], reason: string, actor: string): Promise<boolean>;
  progress(id: number, worker: string, progress: MoveProgress, bytesPerSecond: number): Promise<void>;
  obstacle(id: number, worker: string, obstacle: string): Promise<void>;
  note(id: number, worker: string, steps: readonly MoveStep[]): Promise<void>;
  end(id: number, result: NonNullable<Move['result']>, detail: string): Promise<void>;
  /** Oldest first. */
  journal(id: number): Promise<JournalEntry[]>;
  controls(): Promise<MoveControls>;
  setControls(change: Partial<Omit<MoveControls, 'changedBy'>>, actor: string): Promise<MoveControls>;
}
