/**
 * The events of one request on their way, and what became of each. Columns instead of an object an event:
 * a bulk request brings thousands, and objects that live until the host has answered are the largest cost
 * of a plain edge (garbage collection).
 *
 * An event is settled once; when the last one is, `onSettled` is called.
 */
import { type DuplicateOutcome, FRAME_HEADER_BYTES } from '@foreshard/core/hosts';
import type { ErrorCode } from '@foreshard/core/kernel';
import type { Stream } from '@foreshard/core/topology';
import { EventTexts } from '../cloudevents/event-texts.ts';
import type { Bounds } from './body.ts';

export const PENDING = 0;
export const STORED = 1;
export const DUPLICATE = 2;
export const EXPIRED = 3;
export const REFUSED = 4;

export interface EventProblem {
  readonly code: ErrorCode;
  readonly detail: string;
  /** RFC 6901, from the root of the event; only where the event itself is at fault */
  readonly pointer?: string;
  /** when it may be tried again, where that is known */
  readonly retryAfterSeconds?: number;
}

const WORDS = 4;

export class Intake {
  readonly stream: Stream;
  readonly bytes: Buffer;
  readonly bounds: Bounds;
  readonly count: number;
  /** the body is a list of events: a place in it begins with an index */
  readonly isBulk: boolean;
  /** the highest `ts` the client hands back: every event gets a later one */
  readonly tokenTs: number;
  readonly acceptedMicros: number;

  readonly ids: (string | undefined)[];
  readonly texts: EventTexts;
  readonly keyHash: Uint32Array;
  /** four words an event */
  private readonly identities: Uint32Array;
  /** undefined while no id holds a time */
  idTime: Float64Array | undefined;

  readonly shardlet: Float64Array;
  readonly epoch: Float64Array;
  readonly shard: Uint16Array;

  readonly status: Uint8Array;
  /** NaN where it is not known: a duplicate that was trimmed meanwhile */
  readonly seq: Float64Array;
  /** NaN where the record is trimmed, or its host is away */
  readonly ts: Float64Array;
  readonly problems = new Map<number, EventProblem>();

  onSettled: () => void = () => {};
  private unsettled: number;
  /** duplicates whose place is known and whose time is not */
  private timesMissing = 0;

  constructor(
    stream: Stream,
    bytes: Buffer,
    bounds: Bounds,
    accepted: { readonly tokenTs: number; readonly nowMicros: number },
    isBulk = true,
  ) {
    const count = bounds.from.length;
    this.stream = stream;
    this.bytes = bytes;
    this.bounds = bounds;
    this.count = count;
    this.isBulk = isBulk;
    this.tokenTs = accepted.tokenTs;
    this.acceptedMicros = accepted.nowMicros;
    this.ids = new Array(count);
    this.texts = new EventTexts(bytes, count);
    this.keyHash = new Uint32Array(count);
    this.identities = new Uint32Array(count * WORDS);
    this.shardlet = new Float64Array(count);
    this.epoch = new Float64Array(count);
    this.shard = new Uint16Array(count);
    this.status = new Uint8Array(count);
    this.seq = new Float64Array(count);
    this.ts = new Float64Array(count);
    this.unsettled = count;
  }

  get isSettled(): boolean {
    return this.unsettled === 0;
  }

  setIdentity(i: number, words: Uint32Array): void {
    this.identities.set(words, i * WORDS);
  }

  /** Writes the four words into `words`. */
  identity(i: number, words: Uint32Array): void {
    const at = i * WORDS;
    for (let k = 0; k < WORDS; k++) words[k] = this.identities[at + k]!;
  }

  /** the low half of the position */
  positionLow(i: number): number {
    return this.identities[i * WORDS]!;
  }

  setIdTime(i: number, micros: number): void {
    this.idTime ??= new Float64Array(this.count);
    this.idTime[i] = micros;
  }

  payloadLength(i: number): number {
    return this.bounds.to[i]! - this.bounds.from[i]!;
  }

  stored(i: number, seq: number, ts: number): void {
    this.seq[i] = seq;
    this.ts[i] = ts;
    this.settle(i, STORED);
  }

  duplicate(i: number, { shardlet, seq, ts }: Omit<DuplicateOutcome, 'index'>): void {
    this.shardlet[i] = shardlet;
    this.seq[i] = seq ?? Number.NaN;
    this.ts[i] = ts ?? Number.NaN;
    if (seq !== undefined && ts === undefined) this.timesMissing++;
    this.settle(i, DUPLICATE);
  }

  get hasTimesMissing(): boolean {
    return this.timesMissing > 0;
  }

  /** The duplicates whose record another host may have. */
  withoutTime(): number[] {
    const indices: number[] = [];
    for (let i = 0; i < this.count; i++)
      if (this.status[i] === DUPLICATE && Number.isNaN(this.ts[i]!) && !Number.isNaN(this.seq[i]!))
        indices.push(i);
    return indices;
  }

  /** The time of a duplicate that was looked for elsewhere. */
  found(i: number, ts: number): void {
    this.ts[i] = ts;
  }

  expired(i: number): void {
    this.problems.set(i, {
      code: 'event_expired',
      detail: 'the time inside the id is older than the deduplication window of the stream',
    });
    this.settle(i, EXPIRED);
  }

  refuse(i: number, problem: EventProblem): void {
    this.problems.set(i, problem);
    this.settle(i, REFUSED);
  }

  private settle(i: number, status: number): void {
    this.status[i] = status;
    if (--this.unsettled === 0) this.onSettled();
  }
}

/** Some events of one request that go the same way, in order. */
export interface Run {
  readonly intake: Intake;
  readonly indices: readonly number[];
  readonly events: number;
  readonly bytes: number;
  readonly sinceMicros: number;
}

export function runOf(intake: Intake, indices: readonly number[]): Run {
  let bytes = 0;
  for (const i of indices) bytes += FRAME_HEADER_BYTES + intake.payloadLength(i);
  return { intake, indices, events: indices.length, bytes, sinceMicros: intake.acceptedMicros };
}

/** The events [from, to) of two parallel lists as runs, in order. */
export function runsOf(
  intakes: readonly Intake[],
  indices: readonly number[],
  from: number,
  to: number,
): Run[] {
  const runs: Run[] = [];
  for (let first = from; first < to; ) {
    const intake = intakes[first]!;
    let end = first;
    while (end < to && intakes[end] === intake) end++;
    runs.push(runOf(intake, indices.slice(first, end)));
    first = end;
  }
  return runs;
}
