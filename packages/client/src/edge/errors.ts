/**
 * What goes wrong, as one class with a code: those of the edge's problem documents (RFC 9457), and a few of this library.
 * A test holds the list against the table of the edge.
 */
export const EDGE_CODES = [
  'malformed_request',
  'unauthorized',
  'forbidden',
  'foreign_member',
  'not_found',
  'unknown_stream',
  'unknown_shardlet',
  'unknown_group',
  'unknown_host',
  'unknown_token',
  'unknown_quota',
  'unknown_migration',
  'method_not_allowed',
  'not_acceptable',
  'request_timeout',
  'request_in_flight',
  'state_lost',
  'past_retention',
  'body_too_large',
  'event_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'idempotency_key_reused',
  'unsuitable_host',
  'headers_too_large',
  'malformed_body',
  'invalid_event',
  'invalid_record',
  'invalid_csv',
  'invalid_order',
  'invalid_parameter',
  'invalid_position',
  'invalid_cursor',
  'event_expired',
  'too_many_ids',
  'quota_exceeded',
  'overloaded',
  'host_unreachable',
  'not_ready',
  'store_unreachable',
  'host_full',
  'in_the_way',
  'unexamined',
  'limit_reached',
  'conflict',
  'internal',
] as const;

/**
 * `unreachable`: no edge answered. `not_an_edge`: what answered is none. `closed`: sent after `close`, or never sent.
 * `no_token`: the function that gives it failed, or gave none.
 * `invalid_state`: a handler set a state that is not JSON, or too large. `damaged_checkpoint`: its content is not what was stored.
 */
const OWN_CODES = [
  'unreachable',
  'not_an_edge',
  'closed',
  'no_token',
  'invalid_state',
  'damaged_checkpoint',
] as const;

export type EdgeErrorCode = (typeof EDGE_CODES)[number];
/** An edge of a later release may answer codes that are not here. */
export type ErrorCode = EdgeErrorCode | (typeof OWN_CODES)[number] | (string & {});

/** RFC 9457, with the members of an edge. */
export interface ProblemDocument {
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly title?: string | undefined;
  readonly detail?: string | undefined;
  readonly cure?: string | undefined;
  readonly pointer?: string | undefined;
  readonly instance?: string | undefined;
}

interface ErrorParts {
  readonly status?: number | undefined;
  readonly problem?: ProblemDocument | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly edge?: string | undefined;
  readonly isOfEvent?: boolean | undefined;
  readonly cause?: unknown;
}

/** 507 needs an operator: a host is full. */
const NOT_PASSING = new Set([501, 505, 507]);

export class ForeshardError extends Error {
  override readonly name = 'ForeshardError';
  readonly code: ErrorCode;
  /** of HTTP; undefined where nothing was answered */
  readonly status: number | undefined;
  /** how to mend it */
  readonly cure: string | undefined;
  /** the place that is wrong, in what was sent */
  readonly pointer: string | undefined;
  readonly problem: ProblemDocument | undefined;
  /** the edge asked to wait so long */
  readonly retryAfterMs: number | undefined;
  /** the address that could not be reached */
  readonly edge: string | undefined;
  /** this one event was refused: others of its request may be stored */
  readonly isOfEvent: boolean;

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.status = parts.status;
    this.problem = parts.problem;
    this.cure = parts.problem?.cure;
    this.pointer = parts.problem?.pointer;
    this.retryAfterMs = parts.retryAfterMs;
    this.edge = parts.edge;
    this.isOfEvent = parts.isOfEvent ?? false;
  }

  /** It passes by itself: the same may be asked again. Events with the same ids are stored once. */
  get isPassing(): boolean {
    if (this.code === 'unreachable') return true;
    return this.status !== undefined && isPassing(this.status);
  }
}

export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && !NOT_PASSING.has(status));
}

/** True for an error of this library, and of one of `codes` where some are given. */
export function isForeshardError(error: unknown, ...codes: readonly ErrorCode[]): error is ForeshardError {
  return error instanceof ForeshardError && (codes.length === 0 || codes.includes(error.code));
}
