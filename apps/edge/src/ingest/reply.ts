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
import { ERRORS, type ErrorCode } from '@foreshard/core/kernel';
import { problemDocument } from '../http/problem.ts';
import { DUPLICATE, type EventProblem, EXPIRED, type Intake, REFUSED, STORED } from './intake.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfterSeconds: number | undefined;
  readonly body: string;
  readonly isAscii: true;
}

/** What matters most comes first. */
const STATUS_ORDER = [503, 429, 507, 500, 404, 413, 400] as const;
const RETRY_AFTER_SECONDS = 1;

/** `instance` names the request in a problem. REQUIRES a settled intake. */
export function replyTo(intake: Intake, instance: () => string | undefined = () => undefined): Reply {
  const results = resultsJson(intake);
  const worst = worstProblem(intake);
  if (worst === undefined) {
    return {
      status: 200,
      contentType: 'application/json',
      retryAfterSeconds: undefined,
      body: `{"results":${results}}`,
      isAscii: true,
    };
  }
  const { status } = ERRORS[worst.code];
  const problem = problemDocument(worst.code, detailOf(intake, worst), pointerOf(intake, worst));
  const document = asciiJson({ ...problem, instance: instance() });
  return {
    status,
    contentType: 'application/problem+json',
    retryAfterSeconds: status === 503 || status === 429 ? RETRY_AFTER_SECONDS : undefined,
    body: `${document.slice(0, -1)},"results":${results}}`,
    isAscii: true,
  };
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

/**
 * Written by hand: JSON.stringify would want an object an event. Names of streams need no escaping
 * (streamNameSchema), ids may.
 */
function resultsJson(intake: Intake): string {
  const stream = `"stream":"${intake.stream.name}"`;
  let json = '[';
  for (let i = 0; i < intake.count; i++) {
    if (i > 0) json += ',';
    json += resultJson(intake, i, stream);
  }
  return `${json}]`;
}

function resultJson(intake: Intake, i: number, stream: string): string {
  const id = intake.ids[i];
  const head = `{"id":${id === undefined ? 'null' : quoted(id)},"status":`;
  switch (intake.status[i]) {
    case STORED:
      return `${head}"stored",${stream},${placeJson(intake, i)},"seq":${intake.seq[i]},"ts":${intake.ts[i]}}`;
    case DUPLICATE: {
      const [seq, ts] = [numberOrNull(intake.seq[i]!), numberOrNull(intake.ts[i]!)];
      return `${head}"duplicate",${stream},${placeJson(intake, i)},"seq":${seq},"ts":${ts}}`;
    }
    case EXPIRED:
      return `${head}"expired",${stream},"error":${problemJson(intake.problems.get(i)!, i)}}`;
    case REFUSED:
      return `${head}"error",${stream},"error":${problemJson(intake.problems.get(i)!, i)}}`;
    default:
      throw new Error(`event ${i} is not settled`);
  }
}

function numberOrNull(value: number): string {
  return Number.isNaN(value) ? 'null' : String(value);
}

function placeJson(intake: Intake, i: number): string {
  return `"shard":${intake.shard[i]},"shardlet":${intake.shardlet[i]}`;
}

function problemJson(problem: EventProblem, index: number): string {
  return asciiJson({ ...problemDocument(problem.code, problem.detail, problem.pointer), index });
}

const PLAIN = /^[\w .:/@+=~-]*$/;
const NOT_ASCII = /[\u0080-\uffff]/g;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : asciiJson(text);
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    NOT_ASCII,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
