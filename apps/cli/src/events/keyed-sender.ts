/**
 * Sends events in batches, several at a time, without ever reordering one key: a key always takes the same
 * lane, and a lane sends its next batch only when the one before is settled. What cannot be stored just now
 * is sent again under the same ids, ahead of everything behind it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { hashKey } from '@foreshard/core/keyspace';
import { CommandFailure } from '../failure.ts';
import { type EventResult, Unavailable } from './edge-client.ts';

export interface Outgoing {
  readonly key: string;
  /** the CloudEvent as one line of JSON */
  readonly body: string;
  /** where it comes from: a row or a line */
  readonly place: number;
}

/** The part of the client that sending needs. */
export interface EventPost {
  post(stream: string, lines: readonly string[]): Promise<readonly EventResult[]>;
}

export interface SenderOptions {
  readonly stream: string;
  readonly lanes: number;
  /** once per event, when it is settled for good */
  readonly onSettled: (item: Outgoing, result: EventResult) => void;
  /** once when the edge cannot be reached, until it can */
  readonly onWaiting?: (reason: string) => void;
  /** how long nothing may be stored before the command gives up */
  readonly patienceMs?: number;
}

const BATCH_EVENTS_MAX = 1_000;
/** Well below what an edge takes in one request (8 MiB). */
const BATCH_CHARS_MAX = 2_000_000;
/** Of one lane: enough for the next batches, little enough to stop soon. */
const QUEUE_EVENTS_MAX = 4_000;
const PATIENCE_MS = 120_000;
const RETRY_PAUSE_MS_MIN = 100;
const RETRY_PAUSE_MS_MAX = 2_000;
/** what passes by itself; see the error table */
const PASSING = new Set([429, 503]);

interface Lane {
  readonly queue: Outgoing[];
  running: boolean;
}

export class KeyedSender {
  private readonly client: EventPost;
  private readonly options: SenderOptions;
  private readonly lanes: Lane[];
  private readonly stopping = new AbortController();
  private failure: unknown;
  private full = 0;
  private wake: (() => void)[] = [];

  constructor(client: EventPost, options: SenderOptions) {
    this.client = client;
    this.options = options;
    this.lanes = Array.from({ length: options.lanes }, () => ({ queue: [], running: false }));
  }

  /** A lane has enough: wait for `room` before the next push. */
  get isFull(): boolean {
    return this.full > 0;
  }

  push(item: Outgoing): void {
    const lane = this.lanes[hashKey(item.key) % this.lanes.length]!;
    if (lane.queue.push(item) === QUEUE_EVENTS_MAX) this.full++;
    // not at once: what is pushed in the same turn should travel together
    if (!lane.running) {
      lane.running = true;
      setImmediate(() => void this.run(lane));
    }
  }

  /** @throws what made sending impossible */
  async room(): Promise<void> {
    await this.until(() => this.full === 0);
  }

  /** @throws what made sending impossible */
  async drained(): Promise<void> {
    await this.until(() => this.lanes.every((lane) => !lane.running));
  }

  /** Sends nothing new; what is on its way is still settled. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.until(() => this.lanes.every((lane) => !lane.running)).catch(() => {});
  }

  private async until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (isSo()) return;
      await new Promise<void>((resolve) => this.wake.push(resolve));
    }
  }

  private changed(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const wake of waiting) wake();
  }

  private async run(lane: Lane): Promise<void> {
    try {
      while (lane.queue.length > 0 && !this.isOver) await this.deliver(this.nextBatch(lane));
    } catch (error) {
      this.failure ??= error;
    }
    lane.running = false;
    this.changed();
  }

  private get isOver(): boolean {
    return this.stopping.signal.aborted || this.failure !== undefined;
  }

  private nextBatch(lane: Lane): Outgoing[] {
    let [count, chars] = [0, 0];
    while (count < Math.min(BATCH_EVENTS_MAX, lane.queue.length) && chars < BATCH_CHARS_MAX)
      chars += lane.queue[count++]!.body.length;
    const wasFull = lane.queue.length >= QUEUE_EVENTS_MAX;
    const batch = lane.queue.splice(0, count);
    if (wasFull && lane.queue.length < QUEUE_EVENTS_MAX) {
      this.full--;
      this.changed();
    }
    return batch;
  }

  /** Until every event of the batch is settled, or the command ends. */
  private async deliver(batch: readonly Outgoing[]): Promise<void> {
    let open = batch;
    let lastProgressMs = performance.now();
    for (let attempt = 0; open.length > 0; attempt++) {
      const { rest, reason } = await this.attempt(open);
      if (rest.length < open.length) [lastProgressMs, attempt] = [performance.now(), 0];
      open = rest;
      if (open.length === 0 || this.isOver) return;
      if (performance.now() - lastProgressMs > (this.options.patienceMs ?? PATIENCE_MS))
        throw new CommandFailure(`nothing could be sent for a while: ${reason}`);
      this.options.onWaiting?.(reason);
      const pauseMs = Math.min(RETRY_PAUSE_MS_MAX, RETRY_PAUSE_MS_MIN * 2 ** attempt);
      await sleep(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
  }

  /** What is to be sent again, in order, and why. */
  private async attempt(batch: readonly Outgoing[]): Promise<{ rest: readonly Outgoing[]; reason: string }> {
    try {
      const results = await this.client.post(
        this.options.stream,
        batch.map((item) => item.body),
      );
      const rest: Outgoing[] = [];
      let reason = '';
      for (const [i, item] of batch.entries()) {
        const result = results[i]!;
        if (result.error !== undefined && PASSING.has(result.error.status)) {
          rest.push(item);
          reason = result.error.detail;
        } else {
          this.options.onSettled(item, result);
        }
      }
      return { rest, reason };
    } catch (error) {
      if (error instanceof Unavailable) return { rest: batch, reason: error.message };
      throw error;
    }
  }
}
