/**
 * Again and again while a failure passes by itself: other edges first and at once, then with pauses that grow, at random so
 * that clients do not come back together. A Retry-After is a lower bound.
 */
import type { Edges } from './edges.ts';
import { ForeshardError } from './errors.ts';
import { sleep } from './waiting.ts';

export interface Patience {
  /** for hooks */
  readonly what: string;
  /** how long to go on; for ever when left out */
  readonly patienceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** once, before the first pause */
  readonly onWaiting?: ((error: ForeshardError) => void) | undefined;
}

const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2_000;

/** @throws what does not pass, what has not passed in time, the signal's reason */
export async function retrying<T>(edges: Edges, patience: Patience, work: () => Promise<T>): Promise<T> {
  const { what, patienceMs = Number.POSITIVE_INFINITY, signal, onWaiting } = patience;
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted === true || !(error instanceof ForeshardError) || !error.isPassing) throw error;
      const pauseMs = pauseAfter(edges, error, attempt);
      if (performance.now() - startedMs + pauseMs > patienceMs) throw error;
      if (attempt === 1) onWaiting?.(error);
      edges.watch.retry({ what, attempt, pauseMs, error });
      await sleep(pauseMs, signal);
    }
  }
}

/** `attempt`: how often it has failed, from 1. */
export function pauseAfter(edges: Edges, error: ForeshardError, attempt: number): number {
  const others = edges.urls.length - 1;
  if (attempt <= others && isOfOneEdge(error)) return 0;
  const most = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(20, Math.max(0, attempt - 1 - others)));
  return Math.max(error.retryAfterMs ?? 0, most * (0.5 + Math.random() / 2));
}

/** Another edge may well do it. */
export function isOfOneEdge({ code }: ForeshardError): boolean {
  return code === 'unreachable' || code === 'not_ready' || code === 'not_an_edge';
}
