/**
 * From a body to an Intake: every event parsed, checked and given its position. A fault of one event
 * refuses that event and leaves the others alone; only a body whose events cannot be told apart is refused
 * as a whole.
 */
import { isUtf8 } from 'node:buffer';
import { ForeshardError } from '@foreshard/core/kernel';
import { hashKey, identify } from '@foreshard/core/keyspace';
import type { Stream } from '@foreshard/core/topology';
import {
  type Body,
  type Bounds,
  decodeBody,
  elementsOf,
  joinLines,
  linesOfBytes,
  linesOfText,
  wholeOf,
} from './body.ts';
import { type EventProblem, Intake } from './intake.ts';
import type { BodyFormat } from './media-type.ts';
import { idTimeMicros } from './timed-id.ts';
import { type CloudEventHead, eventFault, headOf, keyOf } from './validate-event.ts';

export interface Accepted {
  readonly stream: Stream;
  readonly tokenTs: number;
  readonly nowMicros: number;
  readonly eventBytesMax: number;
}

/** @throws ForeshardError malformed_body */
export function readEvents(format: BodyFormat, buffer: Buffer, accepted: Accepted): Intake {
  const body = decodeBody(buffer);
  if (format === 'lines') return readLines(body, accepted);
  if (format === 'batch') return readBatch(body, accepted);
  return readStructured(body, accepted);
}

function readLines(body: Body, accepted: Accepted): Intake {
  const inText = linesOfText(body.text);
  if (inText.from.length === 0) throw malformed('The body holds no event.');
  const intake = begin(body, body.isAscii ? inText : linesOfBytes(body.bytes), accepted);
  for (let i = 0; i < intake.count; i++) {
    const value = parseJson(body.text.slice(inText.from[i], inText.to[i]));
    if (value instanceof NotJson) {
      intake.refuse(i, { code: 'malformed_body', detail: value.detail, pointer: '' });
    } else take(intake, i, value, body, accepted);
  }
  return intake;
}

function readBatch(body: Body, accepted: Accepted): Intake {
  const values = parseJson(body.text);
  if (values instanceof NotJson) throw malformed(values.detail);
  if (!Array.isArray(values)) throw malformed('A batch is a JSON array of events.');
  joinLines(body.bytes);
  const intake = begin(body, elementsOf(body.bytes), accepted);
  values.forEach((value, i) => {
    take(intake, i, value, body, accepted);
  });
  return intake;
}

/** One event; several, one a line, are understood as well: files of events are often sent under this type. */
function readStructured(body: Body, accepted: Accepted): Intake {
  const value = parseJson(body.text);
  if (value instanceof NotJson) {
    if (beginsWithAnEvent(body.text)) return readLines(body, accepted);
    throw malformed(value.detail);
  }
  joinLines(body.bytes);
  const intake = begin(body, wholeOf(body.bytes), accepted);
  take(intake, 0, value, body, accepted);
  return intake;
}

function beginsWithAnEvent(text: string): boolean {
  const lines = linesOfText(text);
  return lines.from.length > 1 && !(parseJson(text.slice(lines.from[0], lines.to[0])) instanceof NotJson);
}

function begin(body: Body, bounds: Bounds, accepted: Accepted): Intake {
  return new Intake(accepted.stream, body.bytes, bounds, accepted);
}

const identity = new Uint32Array(4);

function take(intake: Intake, i: number, value: unknown, body: Body, accepted: Accepted): void {
  const id = (value as { id?: unknown } | null)?.id;
  if (typeof id === 'string') intake.ids[i] = id;
  const problem = problemOf(intake, i, value, body, accepted);
  if (problem === undefined) place(intake, i, headOf(value));
  else intake.refuse(i, problem);
}

function problemOf(
  intake: Intake,
  i: number,
  value: unknown,
  body: Body,
  accepted: Accepted,
): EventProblem | undefined {
  const fault = eventFault(value);
  if (fault !== undefined) return { code: 'invalid_event', ...fault };
  const length = intake.payloadLength(i);
  if (length > accepted.eventBytesMax) {
    const detail = `the event has ${length} bytes, the limit is ${accepted.eventBytesMax}`;
    return { code: 'event_too_large', detail, pointer: '' };
  }
  if (!body.isUtf8 && !isUtf8(body.bytes.subarray(intake.bounds.from[i], intake.bounds.to[i]))) {
    return { code: 'malformed_body', detail: 'the event is not valid UTF-8', pointer: '' };
  }
  return undefined;
}

function place(intake: Intake, i: number, event: CloudEventHead): void {
  const keyHash = hashKey(keyOf(event));
  intake.keyHash[i] = keyHash;
  identify(keyHash, event.source, event.id, identity);
  intake.setIdentity(i, identity);
  const time = idTimeMicros(event.id);
  if (time !== 0) intake.setIdTime(i, time);
}

/** Stands for a value: every value of JSON may be what was sent. */
class NotJson {
  readonly detail: string;

  constructor(detail: string) {
    this.detail = detail;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new NotJson(`not JSON: ${(error as SyntaxError).message}`);
  }
}

function malformed(detail: string): ForeshardError {
  return new ForeshardError('malformed_body', detail);
}
