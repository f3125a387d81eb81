/** Errors as tRPC tells them: the code follows from the HTTP status of the one table, the rest is the problem. */
import { type ErrorCode, ForeshardError } from '@foreshard/core/kernel';
import { TRPC_CODES } from '@foreshard/core/operations';
import { TRPCError } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import { z } from 'zod';
import { escaped } from '../cloudevents/json-pointer.ts';
import { type ProblemDocument, problemDocument, problemOf } from '../http/problem.ts';
import type { Trace } from '../http/trace.ts';

type Status = keyof typeof TRPC_CODES;

/** Carries the problem to the formatter. */
export class ProblemError extends TRPCError {
  readonly problem: ProblemDocument;
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: ProblemDocument, retryAfterSeconds: number | undefined, cause?: unknown) {
    super({ code: TRPC_CODES[problem.status as Status], message: problem.detail, cause });
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
