/** Errors as tRPC tells them: the code follows from the HTTP status of the one table, the rest is the problem. */
import { type ERRORS, type ErrorCode, ForeshardError } from '@foreshard/core/kernel';
import { TRPCError } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import { z } from 'zod';
import { escaped } from '../cloudevents/json-pointer.ts';
import { type ProblemDocument, problemDocument, problemOf } from '../http/problem.ts';
import type { Trace } from '../http/trace.ts';

type Status = (typeof ERRORS)[ErrorCode]['status'];

/** Every status of the table; one that tRPC does not know becomes the nearest that it does. */
const CODE_OF_STATUS = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  406: 'BAD_REQUEST',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  417: 'PRECONDITION_FAILED',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  431: 'BAD_REQUEST',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
  507: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<Status, TRPC_ERROR_CODE_KEY>;

/** Carries the problem to the formatter. */
export class ProblemError extends TRPCError {
  readonly problem: ProblemDocument;
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: ProblemDocument, retryAfterSeconds: number | undefined, cause?: unknown) {
    super({ code: CODE_OF_STATUS[problem.status as Status], message: problem.detail, cause });
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What tRPC itself refuses: no such procedure, a body that is no JSON, an input that its schema refuses. */
export function problemOfTrpc({ code, cause, message }: TRPCError): {
  readonly problem: ProblemDocument;
  readonly retryAfterSeconds: undefined;
} {
  const retryAfterSeconds = undefined;
  if (code === 'INTERNAL_SERVER_ERROR')
    return { problem: problemDocument('internal', 'An unexpected fault.'), retryAfterSeconds };
  if (!(cause instanceof z.ZodError))
    return { problem: problemDocument(OWN_ERRORS[code] ?? 'malformed_body', message), retryAfterSeconds };
  const errors = cause.issues.map(({ path, message: detail }) => ({
    pointer: path.map((part) => `/${escaped(String(part))}`).join(''),
    detail,
  }));
  const [first] = errors;
  const problem = problemDocument('invalid_parameter', first!.detail, first!.pointer);
  return { problem: { ...problem, errors }, retryAfterSeconds };
}

const OWN_ERRORS: Partial<Record<TRPC_ERROR_CODE_KEY, ErrorCode>> = {
  NOT_FOUND: 'not_found',
  METHOD_NOT_SUPPORTED: 'method_not_allowed',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
  PAYLOAD_TOO_LARGE: 'body_too_large',
};

/** An unexpected fault goes on as it is. */
export function asProblem(error: unknown, trace: Trace): unknown {
  if (!(error instanceof ForeshardError)) return error;
  const { document, retryAfterSeconds } = problemOf(error, trace);
  return new ProblemError(document, retryAfterSeconds, error);
}
