/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a request sent again with its key is
 * answered like the first time. Events are stored once by their ids anyway; the key is for clients that
 * want the very answer again, and for catching a key that is used for something else.
 *
 * Kept is what is settled for good: an answer that asks to try again (429, 5xx) is forgotten, so that the
 * next attempt does its work. Records live in the memory of this edge, for a day at most and within
 * `bytesMax`, the oldest going first; another edge, or this one after a restart, takes the request as new
 * and answers `duplicate` for what is stored.
 */
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ForeshardError } from '@foreshard/core/kernel';
import { ParseError, parseItem } from 'structured-headers';
import type { Answer } from './respond.ts';

export const IDEMPOTENCY_HEADER = 'idempotency-key';
export const IDEMPOTENCY_LIFETIME_MS = 24 * 3_600_000;
/** Room for several answers to the largest bodies, and for some hundred thousand to single events. */
export const IDEMPOTENCY_BYTES_MAX = 64 * 1_048_576;
const KEY_LENGTH_MAX = 255;
/** what a record takes beside its answer, roughly */
const RECORD_BYTES = 500;

/**
 * The key in the header, which is a String of structured fields (RFC 8941): it has quotes.
 *
 * @throws ForeshardError invalid_parameter
 */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = stringOf(header);
  if (key !== undefined && key.length > 0 && key.length <= KEY_LENGTH_MAX) return key;
  throw new ForeshardError(
    'invalid_parameter',
    `The header Idempotency-Key holds one text of 1 to ${KEY_LENGTH_MAX} characters in double quotes, such as Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324".`,
  );
}

function stringOf(header: string | string[]): string | undefined {
  try {
    const [value] = parseItem(String(header));
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The key of one client on one path, of a fixed length. */
export function scopeOf(headers: IncomingHttpHeaders, path: string, key: string): string {
  return hash('sha256', JSON.stringify([headers.authorization, path, key]), 'base64');
}

/** Tells two requests apart: the body, and the headers that say what it means. */
export function fingerprintOf(headers: IncomingHttpHeaders, body: Buffer): string {
  const meaning = Object.entries(headers)
    .filter(([name]) => name === 'content-type' || name === 'foreshard-token' || name.startsWith('ce-'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify([meaning, hash('sha256', body, 'base64')]), 'base64');
}

interface IdempotencyRecord {
  readonly fingerprint: string;
  readonly sinceMs: number;
  /** undefined: in flight */
  answer: Answer | undefined;
}

export interface IdempotencyLimits {
  readonly bytesMax: number;
  readonly lifetimeMs: number;
  readonly nowMs: () => number;
}

export class IdempotencyRecords {
  private readonly limits: IdempotencyLimits;
  /** the oldest first */
  private readonly records = new Map<string, IdempotencyRecord>();
  private bytes = 0;

  constructor(limits: IdempotencyLimits) {
    this.limits = limits;
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
      const answer = await work();
      this.settle(scope, record, answer);
      return answer;
    } catch (error) {
      this.forget(scope, record);
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
    if (answer.status >= 500 || answer.status === 429) {
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

/** @throws ForeshardError request_in_flight, idempotency_key_reused */
function earlierAnswer({ fingerprint, answer }: IdempotencyRecord, asked: string): Answer {
  if (fingerprint !== asked) {
    throw new ForeshardError('idempotency_key_reused', 'This Idempotency-Key was sent with another request.');
  }
  if (answer !== undefined) return answer;
  throw new ForeshardError('request_in_flight', 'The first request with this Idempotency-Key is in work.', {
    retryAfterSeconds: 1,
  });
}
