/**
 * Problem documents (RFC 9457), all derived from the one table of errors. `type` is a URN: it names the
 * kind of problem for programs and is looked up in docs/errors.md by people.
 */
import { ERRORS, type ErrorCode, ForeshardError } from '@foreshard/core/kernel';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly pointer?: string;
  readonly cure: string;
}

export function problemDocument(code: ErrorCode, detail: string, pointer?: string): ProblemDocument {
  const { title, status, cure } = ERRORS[code];
  return {
    type: `urn:foreshard:error:${code}`,
    title,
    status,
    code,
    detail,
    ...(pointer === undefined ? {} : { pointer }),
    cure,
  };
}

/** What a thrown value tells a client: an unexpected one tells nothing of itself. */
export function problemOf(error: unknown): {
  document: ProblemDocument;
  retryAfterSeconds: number | undefined;
} {
  if (!(error instanceof ForeshardError)) {
    return { document: problemDocument('internal', 'An unexpected fault.'), retryAfterSeconds: undefined };
  }
  const { code, message, pointer, retryAfterSeconds } = error;
  return { document: problemDocument(code, message, pointer), retryAfterSeconds };
}
