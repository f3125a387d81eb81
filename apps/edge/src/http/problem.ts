/**
 * Problem documents (RFC 9457), all derived from the one table of errors. `type` is a path of this edge: it
 * names the kind of problem for programs, and shows people its cause and cure. `instance` names the one
 * request, as the log does.
 */
import { ERRORS, type ErrorCode, type ErrorPlace, ForeshardError } from '@foreshard/core/kernel';
import { requestId, type Trace } from './trace.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';
/** where the edge shows what an error means */
export const ERROR_PAGES = '/docs/errors';

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  /** RFC 6901 into the body, "line 7" of a CSV, "?name" of the query, "{name}" of the path, "name:" of the header */
  readonly pointer?: string;
  /** every place that is wrong */
  readonly errors?: readonly ErrorPlace[];
  readonly cure: string;
  readonly instance?: string;
}

export function problemDocument(code: ErrorCode, detail: string, pointer?: string): ProblemDocument {
  const { title, status, cure } = ERRORS[code];
  return {
    type: `${ERROR_PAGES}/${code}`,
    title,
    status,
    code,
    detail,
    ...(pointer === undefined ? {} : { pointer }),
    cure,
  };
}

export interface ThrownProblem {
  readonly document: ProblemDocument;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a thrown value tells a client: an unexpected one tells nothing of itself. */
export function problemOf(error: unknown, trace: Trace): ThrownProblem {
  const { document, ...rest } =
    error instanceof ForeshardError
      ? expected(error)
      : { document: UNEXPECTED, retryAfterSeconds: undefined, headers: {} };
  return { document: { ...document, instance: instanceOf(trace) }, ...rest };
}

export function instanceOf(trace: Trace): string {
  return `urn:foreshard:request:${requestId(trace)}`;
}

const UNEXPECTED = problemDocument('internal', 'An unexpected fault.');

function expected(error: ForeshardError): ThrownProblem {
  const { code, message, pointer, places, more, retryAfterSeconds, headers = {} } = error;
  const document = problemDocument(code, message, pointer ?? places?.[0]?.pointer);
  const errors = places === undefined ? {} : { errors: places.map(shown) };
  return { document: { ...document, ...errors, ...more }, retryAfterSeconds, headers };
}

function shown({ pointer, detail, line }: ErrorPlace): ErrorPlace {
  return { pointer, detail: line === undefined ? detail : `line ${line}: ${detail}` };
}
