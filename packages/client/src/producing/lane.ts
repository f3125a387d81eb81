/**
 * Some of the keys of a producer. Their events are sent one batch after the other: the next one only when every event of the
 * one before is settled, so no key changes its order, whatever is sent again. What cannot be stored just now is sent again
 * under the same ids, ahead of everything behind it.
 */
import type { Edges } from '../edge/edges.ts';
import { ForeshardError, isPassing } from '../edge/errors.ts';
import { pauseAfter } from '../edge/retrying.ts';
import { Bell, sleep } from '../edge/waiting.ts';
import type { EventResult, Stored } from '../events.ts';
import type { EventPost } from './event-post.ts';

/** An event on its way. */
export interface Outgoing {
  readonly json: string;
  readonly bytes: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
  /** its sender has called it off */
  isOff: boolean;
}

export interface LaneParts {
  readonly edges: Edges;
  readonly post: EventPost;
  readonly stream: string;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  readonly batchEventsMax: number;
  readonly patienceMs: number;
  /** an event is settled */
  readonly onSettled: (bytes: number) => void;
}

export class Lane {
  private readonly parts: LaneParts;
  private readonly bell = new Bell();
  private readonly stopping = new AbortController();
  private queue: Outgoing[] = [];
  private queuedBytes = 0;
  private isRunning = false;
  private isUrgent = false;

  constructor(parts: LaneParts) {
    this.parts = parts;
  }

  push(item: Outgoing): void {
    this.queue.push(item);
    this.queuedBytes += item.bytes;
    if (this.isFull) this.bell.ring();
    if (!this.isRunning) {
      this.isRunning = true;
      void this.run();
    }
  }

  /** Sends what is queued without lingering. */
  hurry(): void {
    if (!this.isRunning) return;
    this.isUrgent = true;
    this.bell.ring();
  }

  /** Sends nothing more, not even again; what is on its way is still settled by its answer. */
  stop(reason: unknown): void {
    this.stopping.abort(reason);
    for (const item of this.take(this.queue.length)) this.settle(item, () => item.reject(reason));
    this.bell.ring();
  }

  private get isFull(): boolean {
    const { batchBytesMax, batchEventsMax } = this.parts;
    return this.queue.length >= batchEventsMax || this.queuedBytes >= batchBytesMax;
  }

  private async run(): Promise<void> {
    // what is sent in the same turn travels together also without lingering; what came meanwhile has waited already
    if (!this.isFull && !this.isUrgent) await this.bell.wait(this.parts.lingerMs);
    while (this.queue.length > 0) await this.deliver(this.nextBatch());
    this.isRunning = false;
    this.isUrgent = false;
  }

  private nextBatch(): Outgoing[] {
    const { batchBytesMax, batchEventsMax } = this.parts;
    let [count, bytes] = [0, 0];
    while (count < Math.min(batchEventsMax, this.queue.length)) {
      bytes += this.queue[count]!.bytes;
      if (count > 0 && bytes > batchBytesMax) break;
      count++;
    }
    return this.wanted(this.take(count));
  }

  /** Without those that were called off, which are settled. */
  private wanted(items: readonly Outgoing[]): Outgoing[] {
    return items.filter((item) => {
      if (item.isOff) this.settle(item, () => {});
      return !item.isOff;
    });
  }

  private take(count: number): Outgoing[] {
    const taken = this.queue.splice(0, count);
    for (const item of taken) this.queuedBytes -= item.bytes;
    return taken;
  }

  /** Until every event of the batch is settled. */
  private async deliver(batch: readonly Outgoing[]): Promise<void> {
    const { edges, patienceMs, stream } = this.parts;
    const { signal } = this.stopping;
    let open = batch;
    let progressMs = performance.now();
    for (let attempt = 1; open.length > 0; attempt++) {
      const { rest, error } = await this.attempt(open);
      if (rest.length < open.length) [progressMs, attempt] = [performance.now(), 1];
      open = rest;
      if (open.length === 0) return;
      const pauseMs = pauseAfter(edges, error, attempt);
      if (signal.aborted) return this.giveUp(open, signal.reason);
      if (performance.now() - progressMs + pauseMs > patienceMs) return this.giveUp(open, error);
      edges.watch.retry({ what: `send to ${stream}`, attempt, pauseMs, error });
      await sleep(pauseMs, signal).catch(() => {});
      open = this.wanted(open);
      // stopped in the pause: nothing is sent again
      if (signal.aborted) return this.giveUp(open, signal.reason);
    }
  }

  private giveUp(open: readonly Outgoing[], reason: unknown): void {
    for (const item of open) this.settle(item, () => item.reject(reason));
  }

  /** What is to be sent again, in order, and why. */
  private async attempt(
    batch: readonly Outgoing[],
  ): Promise<{ rest: readonly Outgoing[]; error: ForeshardError }> {
    let error = PASSING;
    try {
      const { results, retryAfterMs } = await this.parts.post(batch.map((item) => item.json));
      const rest: Outgoing[] = [];
      for (const [i, item] of batch.entries()) {
        const result = results[i]!;
        if ('error' in result && isPassing(result.error.status)) {
          rest.push(item);
          error = errorOf(result, retryAfterMs);
        } else this.settleBy(item, result);
      }
      return { rest, error };
    } catch (thrown) {
      if (thrown instanceof ForeshardError && thrown.isPassing) return { rest: batch, error: thrown };
      for (const item of batch) this.settle(item, () => item.reject(thrown));
      return { rest: [], error };
    }
  }

  private settleBy(item: Outgoing, result: EventResult): void {
    this.settle(item, () => {
      if ('error' in result) item.reject(errorOf(result));
      else item.resolve(result as Stored);
    });
  }

  private settle(item: Outgoing, tell: () => void): void {
    tell();
    this.parts.onSettled(item.bytes);
  }
}

const PASSING = new ForeshardError('overloaded', 'not now');

function errorOf(
  { error }: Extract<EventResult, { status: 'error' | 'expired' }>,
  retryAfterMs?: number,
): ForeshardError {
  const { code, status, detail = code } = error;
  const parts = { status, problem: { ...error, detail }, retryAfterMs, isOfEvent: true };
  return new ForeshardError(code, detail, parts);
}
