/**
 * The answer to a request of events: one result an event, in the order sent. The status is 200 only when
 * every event is durable (stored or known already). Otherwise it is the status of the event that matters
 * most to the sender: first what goes away by itself (retrying the whole request is safe, what is stored
 * stays once), then what needs an operator, then what needs other events. The body is then a problem
 * document that carries the same `results`.
 *
 * The body is ASCII (other characters are written as \uXXXX), so its length is known and it is sent
 * without being encoded.
 */
import { ERRORS, type ErrorCode, invariant } from '@foreshard/core/kernel';
import { problemDocument } from '../http/problem.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { DUPLICATE, type EventProblem, EXPIRED, type Intake, REFUSED, STORED } from './intake.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfterSeconds: number | undefined;
  readonly body: string;
  readonly isAscii: true;
}

/** What matters most comes first. */
const STATUS_ORDER = [503, 429, 507, 500, 404, 403, 413, 400] as const;
const RETRY_AFTER_SECONDS = 1;

/** `instance` names the request in a problem. REQUIRES a settled intake. */
export function replyTo(intake: Intake, instance: () => string | undefined = () => undefined): Reply {
  const worst = worstProblem(intake);
  if (worst === undefined) {
    return {
      status: 200,
      contentType: 'application/json',
      retryAfterSeconds: undefined,
      body: documentWith('{', intake),
      isAscii: true,
    };
  }
  const { status } = ERRORS[worst.code];
  const problem = problemDocument(worst.code, detailOf(intake, worst), pointerOf(intake, worst));
  const document = asciiJson({ ...problem, instance: instance() });
  return {
    status,
    contentType: 'application/problem+json',
    retryAfterSeconds: status === 503 || status === 429 ? retryAfter(intake) : undefined,
    body: documentWith(`${document.slice(0, -1)},`, intake),
    isAscii: true,
  };
}

/** The whole request is tried again: not before the last of its events can be stored. */
function retryAfter({ problems }: Intake): number {
  let seconds = RETRY_AFTER_SECONDS;
  for (const { retryAfterSeconds = 0 } of problems.values()) seconds = Math.max(seconds, retryAfterSeconds);
  return seconds;
}

interface PlacedProblem extends EventProblem {
  readonly index: number;
}

function worstProblem(intake: Intake): PlacedProblem | undefined {
  let worst: PlacedProblem | undefined;
  for (const [index, problem] of intake.problems)
    if (worst === undefined || rank(problem.code) < rank(worst.code)) worst = { ...problem, index };
  return worst;
}

/** From the root of the body, of which an event may be an element or a line. */
function pointerOf({ isBulk }: Intake, { index, pointer }: PlacedProblem): string | undefined {
  return isBulk && pointer !== undefined ? `/${index}${pointer}` : pointer;
}

function rank(code: ErrorCode): number {
  const at = (STATUS_ORDER as readonly number[]).indexOf(ERRORS[code].status);
  return at === -1 ? STATUS_ORDER.length : at;
}

function detailOf(intake: Intake, worst: EventProblem): string {
  if (intake.count === 1) return worst.detail;
  const places = [...intake.problems.keys()].sort((a, b) => a - b);
  const named = places.slice(0, 10).join(', ') + (places.length > 10 ? ', ...' : '');
  return `${places.length} of ${intake.count} events were not stored (index ${named}); ${worst.detail}`;
}

/** A result with an id of 36 characters; longer ones make the text grow. */
const RESULT_BYTES = 160;

/**
 * Written by hand: JSON.stringify would want an object an event. Names of streams need no escaping
 * (streamNameSchema), ids may.
 */
function documentWith(head: string, intake: Intake): string {
  const stream = Buffer.from(`"stream":"${intake.stream.name}"`);
  const writer = new AsciiWriter(intake.count * RESULT_BYTES);
  writer.text(`${head}"results":[`);
  for (let i = 0; i < intake.count; i++) {
    if (i > 0) writer.piece(COMMA);
    writeResult(writer, intake, i, stream);
  }
  writer.text(']}');
  return writer.finish();
}

const COMMA = Buffer.from(',');
const ID = Buffer.from('{"id":');
const NULL = Buffer.from('null');
const STATUS: Readonly<Record<number, Buffer>> = {
  [STORED]: Buffer.from(',"status":"stored",'),
  [DUPLICATE]: Buffer.from(',"status":"duplicate",'),
  [EXPIRED]: Buffer.from(',"status":"expired",'),
  [REFUSED]: Buffer.from(',"status":"error",'),
};
const SHARD = Buffer.from(',"shard":');
const SHARDLET = Buffer.from(',"shardlet":');
const SEQ = Buffer.from(',"seq":');
const TS = Buffer.from(',"ts":');
const END = Buffer.from('}');

function writeResult(writer: AsciiWriter, intake: Intake, i: number, stream: Buffer): void {
  const status = intake.status[i]!;
  const named = STATUS[status];
  invariant(named !== undefined, `event ${i} is not settled`);
  writer.piece(ID);
  writeId(writer, intake.ids[i]);
  writer.piece(named);
  writer.piece(stream);
  if (status === STORED || status === DUPLICATE) writePlace(writer, intake, i);
  else writer.text(`,"error":${problemJson(intake.problems.get(i)!, i)}`);
  writer.piece(END);
}

function writeId(writer: AsciiWriter, id: string | undefined): void {
  if (id === undefined) writer.piece(NULL);
  else if (!writer.plainText(id)) writer.text(asciiJson(id));
}

function writePlace(writer: AsciiWriter, intake: Intake, i: number): void {
  writer.piece(SHARD);
  writer.integer(intake.shard[i]!);
  writer.piece(SHARDLET);
  writer.integer(intake.shardlet[i]!);
  writer.piece(SEQ);
  writeKnown(writer, intake.seq[i]!);
  writer.piece(TS);
  writeKnown(writer, intake.ts[i]!);
}

function writeKnown(writer: AsciiWriter, value: number): void {
  if (Number.isNaN(value)) writer.piece(NULL);
  else writer.integer(value);
}

function problemJson(problem: EventProblem, index: number): string {
  return asciiJson({ ...problemDocument(problem.code, problem.detail, problem.pointer), index });
}

const NOT_ASCII = /[\u0080-\uffff]/g;

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    NOT_ASCII,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
