/**
 * Sends the lines of a file or the rows of a trace by a producer, and tells by their places what became of them. An event that
 * is refused alone is settled as well; anything else that ends a request for good ends the command.
 */
import { ForeshardError, type Producer } from '@foreshard/client/source';
import { CommandFailure } from '../failure.ts';
import { asFailure, reasonOf } from './edge.ts';

export interface Outgoing {
  readonly key: string;
  /** the CloudEvent as one line of JSON */
  readonly body: string;
  /** where it comes from: a row or a line */
  readonly place: number;
}

/** `refused`: why. */
export type Settled = { readonly status: 'stored' | 'duplicate' } | { readonly refused: string };

export class PlacedSender {
  private readonly producer: Producer;
  private readonly onSettled: (place: number, settled: Settled) => void;
  private failure: unknown;
  private readonly failed = new AbortController();

  constructor(producer: Producer, onSettled: (place: number, settled: Settled) => void) {
    this.producer = producer;
    this.onSettled = onSettled;
  }

  /** Enough is on its way: wait for `room` before the next push. */
  get isFull(): boolean {
    return this.producer.isFull || this.failed.signal.aborted;
  }

  push({ key, body, place }: Outgoing): void {
    this.producer.sendJson(body, key).then(
      ({ status }) => this.onSettled(place, { status }),
      (error: unknown) => this.rejected(place, error),
    );
  }

  /** @throws what made sending impossible */
  async room(): Promise<void> {
    await this.producer.room(this.failed.signal).catch(() => {});
    this.check();
  }

  /** @throws what made sending impossible */
  async drained(): Promise<void> {
    await this.producer.flush(this.failed.signal).catch(() => {});
    await this.producer.close({ drain: false });
    this.check();
  }

  /** Sends nothing new; what is on its way is still settled. */
  async stop(): Promise<void> {
    await this.producer.close({ drain: false });
  }

  private rejected(place: number, error: unknown): void {
    if (error instanceof ForeshardError) {
      if (error.code === 'closed') return;
      if (error.isOfEvent && !error.isPassing) {
        this.onSettled(place, { refused: error.message });
        return;
      }
    }
    this.failure ??= failureOf(error);
    this.failed.abort();
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

function failureOf(error: unknown): unknown {
  if (!(error instanceof ForeshardError) || !error.isPassing) return asFailure(error);
  return new CommandFailure(`nothing could be sent for a while: ${reasonOf(error)}`);
}
