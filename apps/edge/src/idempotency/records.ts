/**
 * Answers for repeated Idempotency-Keys: a request sent again with its key is answered like the first time.
 * Events are stored once by their ids anyway; the key is for clients that want the very answer again, and
 * for catching a key that is used for something else.
 *
 * Kept is what is settled for good: an answer that asks to try again (429, 5xx) is forgotten, so that the
 * next attempt does its work. Records live in the memory of this edge, and in the control Redis for the
 * other edges and for this one after a restart. While that does not answer, an edge knows its own only.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import type { Answer } from '../http/respond.ts';

export const IDEMPOTENCY_LIFETIME_MS = 24 * 3_600_000;
/** Room for several answers to the largest bodies, and for some hundred thousand to single events. */
export const IDEMPOTENCY_BYTES_MAX = 64 * 1_048_576;
/** what a record takes beside its answer, roughly */
const RECORD_BYTES = 500;

/** What is known of a key. */
export interface KnownRequest {
  readonly fingerprint: string;
  /** undefined: in flight */
  readonly answer: Answer | undefined;
}

/** What all edges know. Nothing of it fails or waits for long: where it is away, nothing is known. */
export interface SharedRecords {
  /** undefined: nobody knows this request, and it is now known to be in flight here */
  claim(scope: string, fingerprint: string): Promise<KnownRequest | undefined>;
  settle(scope: string, fingerprint: string, answer: Answer): Promise<void>;
  forget(scope: string, fingerprint: string): Promise<void>;
}

/** For an edge that is alone. */
export const NOT_SHARED: SharedRecords = {
  claim: async () => undefined,
  settle: async () => {},
  forget: async () => {},
};

interface IdempotencyRecord extends KnownRequest {
  readonly sinceMs: number;
  answer: Answer | undefined;
}

export interface IdempotencyLimits {
  readonly bytesMax: number;
  readonly lifetimeMs: number;
  readonly nowMs: () => number;
}

export class IdempotencyRecords {
  private readonly limits: IdempotencyLimits;
  private readonly shared: SharedRecords;
  /** the oldest first */
  private readonly records = new Map<string, IdempotencyRecord>();
  private bytes = 0;

  constructor(limits: IdempotencyLimits, shared: SharedRecords = NOT_SHARED) {
    this.limits = limits;
    this.shared = shared;
  }

  get bytesInUse(): number {
    return this.bytes;
  }

  /**
   * The answer given before, or that of `work`, which then is kept if it is settled for good.
   *
   * @throws ForeshardError request_in_flight, idempotency_key_reused
   */
  async once(scope: string, fingerprint: string, work: () => Promise<Answer>): Promise<Answer> {
    const known = this.find(scope);
    if (known !== undefined) return earlierAnswer(known, fingerprint);
    const record = { fingerprint, sinceMs: this.limits.nowMs(), answer: undefined };
    this.records.set(scope, record);
    this.bytes += RECORD_BYTES;
    try {
      const elsewhere = await this.shared.claim(scope, fingerprint);
      const answer =
        elsewhere === undefined
          ? await this.firstAnswer(scope, fingerprint, work)
          : earlierAnswer(elsewhere, fingerprint);
      this.settle(scope, record, answer);
      return answer;
    } catch (error) {
      this.forget(scope, record);
      throw error;
    }
  }

  private async firstAnswer(scope: string, fingerprint: string, work: () => Promise<Answer>) {
    try {
      const answer = await work();
      if (isSettled(answer)) await this.shared.settle(scope, fingerprint, answer);
      else await this.shared.forget(scope, fingerprint);
      return answer;
    } catch (error) {
      await this.shared.forget(scope, fingerprint);
      throw error;
    }
  }

  private find(scope: string): IdempotencyRecord | undefined {
    const record = this.records.get(scope);
    const isOver =
      record?.answer !== undefined && this.limits.nowMs() - record.sinceMs > this.limits.lifetimeMs;
    if (record === undefined || !isOver) return record;
    this.forget(scope, record);
    return undefined;
  }

  private settle(scope: string, record: IdempotencyRecord, answer: Answer): void {
    if (!isSettled(answer)) {
      this.forget(scope, record);
      return;
    }
    record.answer = answer;
    this.bytes += answer.body.length;
    this.makeRoom();
  }

  private makeRoom(): void {
    for (const [scope, record] of this.records) {
      if (this.bytes <= this.limits.bytesMax) return;
      // those in flight are bounded by the bytes of all requests in work
      if (record.answer !== undefined) this.forget(scope, record);
    }
  }

  private forget(scope: string, record: IdempotencyRecord): void {
    this.records.delete(scope);
    this.bytes -= RECORD_BYTES + (record.answer?.body.length ?? 0);
  }
}

/** Trying again would end the same way. */
function isSettled({ status }: Answer): boolean {
  return status < 500 && status !== 429;
}

/** @throws ForeshardError request_in_flight, idempotency_key_reused */
function earlierAnswer({ fingerprint, answer }: KnownRequest, asked: string): Answer {
  if (fingerprint !== asked) {
    throw new ForeshardError('idempotency_key_reused', 'This Idempotency-Key was sent with another request.');
  }
  if (answer !== undefined) return answer;
  throw new ForeshardError('request_in_flight', 'The first request with this Idempotency-Key is in work.', {
    retryAfterSeconds: 1,
  });
}
