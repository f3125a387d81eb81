/**
 * From a body to an Intake: every event scanned, judged and given its position. A fault of one event
 * refuses that event and leaves the others alone; only a body whose events cannot be told apart is refused
 * as a whole.
 */
import { isUtf8 } from 'node:buffer';
import { ForeshardError } from '@foreshard/core/kernel';
import { hashKey, identify } from '@foreshard/core/keyspace';
import type { Stream } from '@foreshard/core/topology';
import { type EventFault, EventScanner } from '../cloudevents/event-scanner.ts';
import type { BodyFormat } from '../http/media-type.ts';
import {
  type Body,
  type Bounds,
  decodeBody,
  elementsOf,
  joinLines,
  linesOf,
  NotAList,
  wholeOf,
} from './body.ts';
import { type EventProblem, Intake, REFUSED } from './intake.ts';
import { idTimeMicros } from './timed-id.ts';

export interface Accepted {
  readonly stream: Stream;
  readonly tokenTs: number;
  readonly nowMicros: number;
  readonly eventBytesMax: number;
  /** the caller may append only keys that begin with one of these; undefined: any */
  readonly keyPrefixes?: readonly string[] | undefined;
}

/** @throws ForeshardError malformed_body */
export function readEvents(format: BodyFormat, buffer: Buffer, accepted: Accepted): Intake {
  const body = decodeBody(buffer);
  if (format === 'lines') return readLines(body, accepted);
  if (format === 'batch') return readBatch(body, accepted);
  return readStructured(body, accepted);
}

function readLines(body: Body, accepted: Accepted): Intake {
  const bounds = linesOf(body);
  if (bounds.from.length === 0) throw malformed('The body holds no event.');
  return new Reading(body, bounds, accepted).all();
}

/** An element that is not JSON leaves no array, so the whole is refused then. */
function readBatch(body: Body, accepted: Accepted): Intake {
  const bounds = elementsOf(body);
  if (bounds instanceof NotAList) throw notAList(body, bounds.at);
  const reading = new Reading(body, bounds, accepted);
  const intake = reading.all();
  if (reading.broken !== undefined) throw notJson(reading.broken, `/${reading.broken.index}`);
  if (reading.versions.size > 1) refuseMixed(intake, [...reading.versions]);
  joinLines(body.bytes);
  return intake;
}

function readStructured(body: Body, accepted: Accepted): Intake {
  const bounds = wholeOf(body);
  if (bounds.from.length === 0) throw malformed('The body is empty.');
  const reading = new Reading(body, bounds, accepted, false);
  const intake = reading.all();
  if (reading.broken !== undefined) throw notJson(reading.broken, '');
  joinLines(body.bytes);
  return intake;
}

function notAList({ bytes }: Body, at: number): ForeshardError {
  const ended = at >= bytes.length;
  const where = ended ? 'it ends too early' : `unexpected byte at ${at}`;
  return malformed(`A batch is a JSON array of events: ${where}.`);
}

function notJson({ detail, pointer }: EventFault, prefix: string): ForeshardError {
  return malformed(detail, prefix + pointer);
}

/** "All batched CloudEvents MUST have the same specversion" (HTTP binding 1.0.2, 3.3.2). */
function refuseMixed(intake: Intake, versions: readonly string[]): void {
  const named = versions.map((version) => JSON.stringify(version.slice(0, 20)));
  const problem: EventProblem = {
    code: 'invalid_event',
    detail: `the batch mixes versions of CloudEvents (${named.join(', ')}): nothing of it was stored`,
    pointer: '/specversion',
  };
  for (let i = 0; i < intake.count; i++) if (intake.status[i] !== REFUSED) intake.refuse(i, problem);
}

const identity = new Uint32Array(4);

/** so many are enough to say that they are mixed */
const VERSIONS_MAX = 3;

class Reading {
  /** as told by the events that tell one */
  readonly versions = new Set<string>();
  /** the first that is no JSON */
  broken: (EventFault & { readonly index: number }) | undefined;
  private readonly body: Body;
  private readonly intake: Intake;
  private readonly scanner: EventScanner;
  private readonly bytesMax: number;
  private readonly keyPrefixes: readonly string[] | undefined;

  constructor(body: Body, bounds: Bounds, accepted: Accepted, isBulk = true) {
    this.body = body;
    this.intake = new Intake(accepted.stream, body.bytes, bounds, accepted, isBulk);
    this.scanner = new EventScanner(body.bytes, body.latin1);
    this.bytesMax = accepted.eventBytesMax;
    this.keyPrefixes = accepted.keyPrefixes;
  }

  all(): Intake {
    for (let i = 0; i < this.intake.count; i++) this.take(i);
    return this.intake;
  }

  private take(i: number): void {
    const { intake, scanner } = this;
    const problem = this.problemOf(i) ?? this.foreignKey();
    // told back also when it is refused for its characters
    intake.ids[i] = problem === undefined ? scanner.id : scanner.id?.toWellFormed();
    const { version } = scanner;
    if (version !== undefined && this.versions.size < VERSIONS_MAX) this.versions.add(version);
    if (problem === undefined) this.place(i);
    else intake.refuse(i, problem);
  }

  private problemOf(i: number): EventProblem | undefined {
    const { intake, body } = this;
    const from = intake.bounds.from[i]!;
    const to = intake.bounds.to[i]!;
    const fault = this.scanner.scan(from, to, from + this.bytesMax);
    if (fault?.code === 'malformed_body') this.broken ??= { ...fault, index: i };
    if (to - from > this.bytesMax) {
      const detail = `the event has ${to - from} bytes, the limit is ${this.bytesMax}`;
      return { code: 'event_too_large', detail, pointer: '' };
    }
    if (!body.isUtf8 && !isUtf8(body.bytes.subarray(from, to))) {
      return { code: 'malformed_body', detail: 'the event is not valid UTF-8', pointer: '' };
    }
    return fault;
  }

  /** Of an event that is as it should be. */
  private foreignKey(): EventProblem | undefined {
    const { keyPrefixes } = this;
    if (keyPrefixes === undefined) return undefined;
    const key = this.scanner.keyText();
    if (keyPrefixes.some((prefix) => key.startsWith(prefix))) return undefined;
    const detail = `the caller may append only keys that begin with ${keyPrefixes.map((one) => JSON.stringify(one)).join(' or ')}`;
    return { code: 'forbidden', detail, pointer: '' };
  }

  private place(i: number): void {
    const { intake, scanner } = this;
    const id = scanner.id!;
    const keyHash = hashKey(scanner.keyText());
    intake.keyHash[i] = keyHash;
    identify(keyHash, scanner.source, id, identity);
    intake.setIdentity(i, identity);
    intake.texts.set(i, scanner.key, scanner.type);
    const time = idTimeMicros(id);
    if (time !== 0) intake.setIdTime(i, time);
  }
}

function malformed(detail: string, pointer?: string): ForeshardError {
  return new ForeshardError('malformed_body', detail, pointer === undefined ? {} : { pointer });
}
