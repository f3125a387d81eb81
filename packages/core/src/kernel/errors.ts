/**
 * The one table of error codes. HTTP statuses, the `type` of every problem document (RFC 9457) and the
 * page docs/errors.md are derived from it, so a code cannot exist without a cause and a cure.
 */
export const ERRORS = {
  malformed_request: {
    status: 400,
    title: 'Not a valid HTTP request',
    cure: 'Use an HTTP/1.1 client; the detail names what is wrong.',
  },
  unauthorized: {
    status: 401,
    title: 'Missing or wrong token',
    cure: 'Send "Authorization: Bearer <token>"; the token of a local start is in .foreshard/credentials.json.',
  },
  forbidden: {
    status: 403,
    title: 'The caller may not do this',
    cure: 'Use a token with the permission named in the detail, or ask an administrator for a role that has it.',
  },
  foreign_member: {
    status: 403,
    title: 'The member of the consumer group belongs to another token',
    cure: 'Use a member id of your own. A token that replaces another goes on as its members when it has the same name.',
  },
  not_found: {
    status: 404,
    title: 'No such route, or nothing with this number or name',
    cure: 'The detail names what is missing. GET /docs shows every route, GET /v1/openapi.json tells them to programs.',
  },
  unknown_stream: {
    status: 404,
    title: 'No such stream',
    cure: 'List the streams with "foreshard streams" or create this one with "foreshard streams create NAME".',
  },
  unknown_shardlet: {
    status: 404,
    title: 'No such shardlet',
    cure: 'Read the shardlet ids of the stream from GET /v1/map.',
  },
  unknown_group: {
    status: 404,
    title: 'No such consumer group',
    cure: 'List the groups with "foreshard groups", or begin one with "foreshard consume --group NAME".',
  },
  unknown_host: {
    status: 404,
    title: 'No such host',
    cure: 'List the hosts with GET /v1/hosts or "foreshard hosts".',
  },
  unknown_token: {
    status: 404,
    title: 'No such token',
    cure: 'List the tokens with GET /v1/tokens or "foreshard tokens".',
  },
  unknown_quota: {
    status: 404,
    title: 'It has no quota of its own',
    cure: 'List the quotas with GET /v1/quotas or "foreshard quotas".',
  },
  unknown_migration: {
    status: 404,
    title: 'No such migration',
    cure: 'List the migrations with GET /v1/migrations?ended=true or "foreshard migrations --all".',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed on this route',
    cure: 'Use one of the methods in the Allow header.',
  },
  not_acceptable: {
    status: 406,
    title: 'No answer in a media type that the client accepts',
    cure: 'Leave out Accept, or name one of the media types in the detail.',
  },
  request_timeout: {
    status: 408,
    title: 'The request did not arrive in time',
    cure: 'Send the headers within 10 seconds and the whole request within 30; send less in one request.',
  },
  request_in_flight: {
    status: 409,
    title: 'The first request with this Idempotency-Key is not answered yet',
    cure: 'Retry after the time in Retry-After; it is then answered like the first.',
  },
  state_lost: {
    status: 409,
    title: 'The state cannot be restored: events that it needs are past their retention',
    cure: 'Restore it from elsewhere, or go on without these events (`allowLost`; `onStateLost: "continue"` in the client library).',
  },
  past_retention: {
    status: 410,
    title: 'The events asked for are past their retention',
    cure: 'Go on from the first position named in the answer.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is larger than the limit',
    cure: 'Send less in one request: fewer events, positions or records.',
  },
  event_too_large: {
    status: 413,
    title: 'An event is larger than the limit',
    cure: 'Keep large content elsewhere and send a reference to it.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    cure: 'Send events as application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson, or with the headers ce-* and data of any type, load of other clusters as text/csv, all else as application/json; in UTF-8, as it is or with Content-Encoding: gzip.',
  },
  expectation_failed: {
    status: 417,
    title: 'Unknown expectation',
    cure: 'Leave out the header Expect, or send "Expect: 100-continue".',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    cure: 'Use a new key for every new request; repeat a key only with the same body.',
  },
  unsuitable_host: {
    status: 422,
    title: 'The server cannot be taken as a host',
    cure: 'Mend what the detail names at the server, or use another one.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are larger than the limit',
    cure: 'Send at most 16 KiB of headers; an event with longer attributes goes into the body.',
  },
  malformed_body: {
    status: 400,
    title: 'The body cannot be read',
    cure: 'Send well-formed UTF-8 JSON; the detail names the place.',
  },
  invalid_event: {
    status: 400,
    title: 'An event is not a valid CloudEvent',
    cure: 'Mend the attribute named in the pointer (CloudEvents 1.0.2).',
  },
  invalid_record: {
    status: 400,
    title: 'A member of the body is not valid',
    cure: 'Mend the member named in the pointer; of a bulk, the other records were taken.',
  },
  invalid_csv: {
    status: 400,
    title: 'Lines of the CSV cannot be understood',
    cure: 'Mend the lines that are named, and send all of it again: nothing was taken.',
  },
  invalid_order: {
    status: 400,
    title: 'What is ordered is not valid, or can never be',
    cure: 'Mend what the detail names; "?dryRun=true" tells what would be decided.',
  },
  invalid_parameter: {
    status: 400,
    title: 'A parameter is not valid',
    cure: 'Mend the parameter named in the detail.',
  },
  invalid_position: {
    status: 400,
    title: 'A position of the commit is of nothing that the group was given',
    cure: 'Commit only `through` of a batch, with its shardlet, epoch and assignment; nothing of this commit was taken.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor cannot be read',
    cure: 'Hand back a "next" cursor unchanged, or begin at "oldest", "now" or a time such as 2026-11-21T15:04:05Z.',
  },
  event_expired: {
    status: 400,
    title: 'The time inside the id is older than the deduplication window',
    cure: 'Send the event under a new id if it is really new.',
  },
  too_many_ids: {
    status: 429,
    title: 'The shardlet holds as many ids as the deduplication cap allows',
    cure: 'Retry later, or shorten the deduplication window of the stream.',
  },
  quota_exceeded: {
    status: 429,
    title: 'The quota of the token or the stream is used up',
    cure: 'Retry after the time in Retry-After; the fields RateLimit and RateLimit-Policy tell the quotas.',
  },
  overloaded: {
    status: 503,
    title: 'The shardlet of this event cannot take appends just now',
    cure: 'Retry after the time in Retry-After; the same id is stored once.',
  },
  host_unreachable: {
    status: 503,
    title: 'The host that owns this shardlet does not answer',
    cure: 'Retry after the time in Retry-After; see "foreshard hosts" for its state.',
  },
  not_ready: { status: 503, title: 'The edge has no map yet', cure: 'Wait until GET /readyz answers 200.' },
  store_unreachable: {
    status: 503,
    title: 'A part of the control plane that this request needs does not answer',
    cure: 'Retry after the time in Retry-After; appends and reads of events go on meanwhile.',
  },
  host_full: {
    status: 507,
    title: 'The host that owns this shardlet is full',
    cure: 'Add a host, shorten the retention, or raise the memory limit of the host.',
  },
  in_the_way: {
    status: 409,
    title: 'Something stands in the way',
    cure: 'Do first what the detail names, or wait until it has passed.',
  },
  unexamined: {
    status: 409,
    title:
      'The topology was restored from a backup, or another control plane uses its hosts: it is not compared with them yet',
    cure: 'Run "foreshard doctor --after-restore"; nothing is decided before.',
  },
  limit_reached: {
    status: 409,
    title: 'There are as many of these as there may be',
    cure: 'End or remove some that nobody needs; the detail names the limit.',
  },
  conflict: { status: 409, title: 'The state has changed meanwhile', cure: 'Read it again and decide anew.' },
  internal: {
    status: 500,
    title: 'A fault of the server',
    cure: 'Report it with the request id; retrying the same events is safe.',
  },
} as const satisfies Record<string, { status: number; title: string; cure: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** One of several places that are wrong. */
export interface ErrorPlace {
  /** RFC 6901 into the body, "line 7" of a CSV, or "?name" for a query parameter */
  readonly pointer: string;
  readonly detail: string;
  /** of the text at `pointer`, from 1 */
  readonly line?: number;
}

interface ForeshardErrorOptions {
  readonly pointer?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly places?: readonly ErrorPlace[] | undefined;
  readonly more?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cause?: unknown;
}

/** An expected failure on its way to a user: `detail` is public, `cause` is for the log only. */
export class ForeshardError extends Error {
  override readonly name = 'ForeshardError';
  readonly code: ErrorCode;
  readonly pointer: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** every place that is wrong, where more than the first was looked for */
  readonly places: readonly ErrorPlace[] | undefined;
  /** what only this kind of error tells, such as where to go on */
  readonly more: Readonly<Record<string, unknown>> | undefined;
  /** fields of the answer's header that belong to this error */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, detail: string, options: ForeshardErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.pointer = options.pointer;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.places = options.places;
    this.more = options.more;
    this.headers = options.headers;
  }
}
