/**
 * How a batch is handled: by one call, or event by event; what happens when a handler fails. With `deadLetters` it is tried
 * again, and an event that fails every time goes to the dead letters of the group, so that the others go on. A batch that fails
 * every time is handed over event by event, so that only the bad one becomes a letter.
 */
import { sleep } from '../edge/waiting.ts';
import type { ConsumedBatch, ConsumedEvent } from './consumed.ts';

export interface HandlerContext {
  /** aborted when the shardlet goes to another member: what is done from then on is done by it as well */
  readonly signal: AbortSignal;
  readonly member: string;
  /** from 1; above: it has failed before */
  readonly attempt: number;
}

export interface BatchContext extends HandlerContext {
  /** All up to this event is done, and may be committed before the batch is. */
  readonly processed: (seq: number) => void;
}

export type EventHandler = (event: ConsumedEvent, context: HandlerContext) => unknown;
export type BatchHandler = (batch: ConsumedBatch, context: BatchContext) => unknown;

export interface DeadLetters {
  /** how often an event is tried; 3 */
  readonly attempts?: number | undefined;
  /** before the next attempt, by how often it has failed; 100 ms, 200 ms, ... 5 s */
  readonly backoff?: ((failed: number) => number) | undefined;
}

export interface Handling {
  readonly member: string;
  readonly deadLetters: DeadLetters | undefined;
  /** Stores the event as a dead letter of the group. */
  readonly bury: (
    batch: ConsumedBatch,
    event: ConsumedEvent,
    attempts: number,
    error: unknown,
  ) => Promise<void>;
  /** aborted: nothing is tried again */
  readonly stopping: AbortSignal;
}

/** What the consumer does with a batch; `processed` moves its position. @throws what the handler threw at last */
export type Handle = (
  batch: ConsumedBatch,
  parts: { readonly signal: AbortSignal; readonly processed: (seq: number) => void },
) => Promise<void>;

const ATTEMPTS = 3;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

export function handleEvents(handler: EventHandler, handling: Handling): Handle {
  return async (batch, { signal, processed }) => {
    for (const event of batch.events) {
      // of another member now, or the consumer is closing
      if (signal.aborted || handling.stopping.aborted) return;
      const attempt = (count: number): unknown =>
        handler(event, { signal, member: handling.member, attempt: count });
      const failed = await attempted(attempt, handling, signal);
      if (failed !== undefined) await handling.bury(batch, event, failed.attempts, failed.error);
      processed(event.seq);
    }
    processed(batch.through);
  };
}

export function handleBatches(handler: BatchHandler, handling: Handling): Handle {
  const handle: Handle = async (batch, { signal, processed }) => {
    if (batch.events.length === 0) return processed(batch.through);
    let done = batch.events[0] === undefined ? 0 : batch.events[0].seq - 1;
    const onProcessed = (seq: number): void => {
      done = Math.max(done, Math.min(seq, batch.through));
      processed(done);
    };
    const context = { signal, member: handling.member, processed: onProcessed };
    const attempt = (count: number): unknown => handler(from(batch, done), { ...context, attempt: count });
    const failed = await attempted(attempt, handling, signal);
    if (failed === undefined) return processed(batch.through);
    const left = from(batch, done).events;
    if (left.length <= 1) {
      for (const event of left) await handling.bury(batch, event, failed.attempts, failed.error);
      return processed(batch.through);
    }
    for (const event of left) {
      if (signal.aborted || handling.stopping.aborted) return;
      await handle({ ...batch, skipped: 0, events: [event], through: event.seq }, { signal, processed });
    }
    processed(batch.through);
  };
  return handle;
}

/** What is left of a batch. */
function from(batch: ConsumedBatch, done: number): ConsumedBatch {
  return { ...batch, events: batch.events.filter(({ seq }) => seq > done) };
}

/** Undefined when it went well; with dead letters, how it failed for the last time. @throws without dead letters */
async function attempted(
  attempt: (count: number) => unknown,
  { deadLetters, stopping }: Handling,
  signal: AbortSignal,
): Promise<{ readonly attempts: number; readonly error: unknown } | undefined> {
  const attempts = Math.max(1, deadLetters?.attempts ?? ATTEMPTS);
  for (let count = 1; ; count++) {
    try {
      await attempt(count);
      return undefined;
    } catch (error) {
      if (deadLetters === undefined || signal.aborted || stopping.aborted) throw error;
      if (count >= attempts) return { attempts: count, error };
      const pauseMs = deadLetters.backoff?.(count) ?? backoffMs(count);
      await sleep(pauseMs, stopping).catch(() => {});
      if (stopping.aborted || signal.aborted) throw error;
    }
  }
}

function backoffMs(failed: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (failed - 1));
}
