/**
 * POST of events: the hot path. Token, stream, media type and announced length are checked before the body
 * is read; then every event gets its own outcome. A client that hangs up changes nothing for what was
 * accepted.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDeadStream } from '@foreshard/core/consuming';
import { type Clock, ForeshardError } from '@foreshard/core/kernel';
import { events, requirePermission } from '@foreshard/core/operations';
import type { Stream } from '@foreshard/core/topology';
import { z } from 'zod';
import { checkedQuery } from '../api/index.ts';
import { BinaryFault, binaryEvent } from '../cloudevents/binary-mode.ts';
import type { Bearer } from '../http/bearer.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { letContinue } from '../http/expect-continue.ts';
import { type ContentMode, contentModeOf } from '../http/media-type.ts';
import { instanceOf } from '../http/problem.ts';
import { checkAnnounced, HungUp, readBody } from '../http/read-body.ts';
import { type Answer, respond, respondProblem } from '../http/respond.ts';
import type { TokenCheck } from '../http/token-check.ts';
import { type Trace, traceOf, traceresponse } from '../http/trace.ts';
import {
  fingerprintOf,
  IDEMPOTENCY_HEADER,
  type IdempotencyRecords,
  idempotencyKeyOf,
  scopeOf,
} from '../idempotency/index.ts';
import type { DuplicateTimes } from '../ingest/duplicate-times.ts';
import type { Ingestion } from '../ingest/ingestion.ts';
import type { Intake } from '../ingest/intake.ts';
import { type Accepted, readEvents } from '../ingest/read-events.ts';
import { replyTo } from '../ingest/reply.ts';
import type { Quotas } from '../limits/index.ts';
import type { EdgeMap } from '../map/edge-map.ts';

export interface EventsEndpointParts {
  readonly map: EdgeMap;
  readonly ingestion: Pick<Ingestion, 'submit'>;
  readonly duplicateTimes: Pick<DuplicateTimes, 'fill'>;
  readonly tokens: TokenCheck;
  readonly budget: ByteBudget;
  readonly answers: IdempotencyRecords;
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly bodyBytesMax: number;
  readonly eventBytesMax: number;
  readonly fault: (error: unknown, trace: Trace) => void;
}

export interface BatchRequest {
  readonly bearer: Bearer;
  readonly stream: string;
  readonly tokenTs: number;
  readonly trace: Trace;
}

export interface BatchAnswer extends Answer {
  /** of the quotas that hold */
  readonly fields: Readonly<Record<string, string>>;
}

/** The `ts` of an earlier answer: every event of the request is ordered after it. */
export const TOKEN_HEADER = 'foreshard-token';
/** microseconds a token may lie ahead of the clock: the clocks of hosts never differ by so much */
const TOKEN_AHEAD_MICROS_MAX = 86_400_000_000;
const PERMISSION = events.ingest.permission;

export class EventsEndpoint {
  private readonly parts: EventsEndpointParts;

  constructor(parts: EventsEndpointParts) {
    this.parts = parts;
  }

  async handle(request: IncomingMessage, response: ServerResponse, streamName: string): Promise<void> {
    try {
      await this.ingest(request, response, streamName);
    } catch (error) {
      if (error instanceof HungUp) return;
      if (!(error instanceof ForeshardError)) this.parts.fault(error, traceOf(request));
      respondProblem(request, response, error);
    }
  }

  private async ingest(
    request: IncomingMessage,
    response: ServerResponse,
    streamName: string,
  ): Promise<void> {
    const { tokens, budget, bodyBytesMax } = this.parts;
    const { headers } = request;
    if (headers.traceparent !== undefined)
      response.setHeader('traceresponse', traceresponse(traceOf(request)));
    const { authorization } = headers;
    const { socket } = request;
    const bearer = tokens.known(authorization, socket) ?? (await tokens.identify(authorization, socket));
    const keys = permittedKeys(bearer, streamName);
    refuseQuery(request.url!);
    const mode = contentModeOf(headers);
    const tokenTs = tokenOf(headers[TOKEN_HEADER]);
    const accepted = this.accepted(this.stream(streamName, '{stream}'), tokenTs, keys);
    const key = idempotencyKeyOf(headers[IDEMPOTENCY_HEADER]);
    checkAnnounced(request, bodyBytesMax);
    letContinue(request, response);
    const body = await readBody(request, bodyBytesMax, budget);
    try {
      const store = () => this.store(mode, request, response, { body: body.bytes, accepted, bearer });
      respond(
        response,
        key === undefined ? await store() : await this.once(key, request, body.bytes, bearer, store),
      );
    } finally {
      body.release();
    }
  }

  private once(
    key: string,
    { headers, url }: IncomingMessage,
    body: Buffer,
    { principal }: Bearer,
    store: () => Promise<Answer>,
  ): Promise<Answer> {
    const scope = scopeOf(principal, url!, key);
    return this.parts.answers.once(scope, fingerprintOf(headers, body), store);
  }

  private async store(
    mode: ContentMode,
    request: IncomingMessage,
    response: ServerResponse,
    { body, accepted, bearer }: Received,
  ): Promise<Answer> {
    const intake =
      mode === 'binary'
        ? readEvents('structured', eventInHeaders(request.rawHeaders, body), accepted)
        : readEvents(mode, body, accepted);
    if (this.parts.quotas.holdFor(intake.stream.name)) {
      const fields = await this.charge(bearer, intake, body.length);
      for (const [name, value] of Object.entries(fields ?? {})) response.setHeader(name, value);
    }
    await this.settle(intake);
    return replyTo(intake, () => instanceOf(traceOf(request)));
  }

  /** A batch that came another way; the same but for its header, which is told apart. */
  async storeBatch(body: Buffer, { bearer, stream, tokenTs, trace }: BatchRequest): Promise<BatchAnswer> {
    const keys = permittedKeys(bearer, stream);
    const intake = readEvents('batch', body, this.accepted(this.stream(stream, '/stream'), tokenTs, keys));
    const fields = this.parts.quotas.holdFor(stream)
      ? await this.charge(bearer, intake, body.length)
      : undefined;
    await this.settle(intake);
    return { ...replyTo(intake, () => instanceOf(trace)), fields: fields ?? {} };
  }

  /** @throws ForeshardError quota_exceeded: nothing of the request is stored then */
  private charge({ principal }: Bearer, { stream, count }: Intake, bytes: number) {
    const { quotas } = this.parts;
    return quotas.charge({ tokenId: principal.id, stream: stream.name, events: count, bytes });
  }

  /** @throws ForeshardError invalid_parameter: to wait for such a token would be in vain */
  private accepted(stream: Stream, tokenTs: number, keyPrefixes: Accepted['keyPrefixes']): Accepted {
    const { clock, eventBytesMax } = this.parts;
    const nowMicros = clock.nowMicros();
    if (tokenTs > nowMicros + TOKEN_AHEAD_MICROS_MAX)
      throw new ForeshardError(
        'invalid_parameter',
        'The token lies more than a day ahead of the clock: a "ts" of an answer counts microseconds since 1970.',
        { pointer: `${TOKEN_HEADER}:` },
      );
    return { stream, tokenTs, nowMicros, eventBytesMax, keyPrefixes };
  }

  private stream(name: string, pointer: string): Stream {
    const stream = this.parts.map.topology.streamNamed(name);
    if (isDeadStream(name))
      throw new ForeshardError(
        'invalid_parameter',
        `The stream "${name}" holds the dead letters of a consumer group: report them with POST /v1/groups/{group}/dead-letters.`,
        { pointer },
      );
    if (stream !== undefined) return stream;
    throw new ForeshardError('unknown_stream', `There is no stream "${name}".`, { pointer });
  }

  private async settle(intake: Intake): Promise<void> {
    await new Promise<void>((resolve) => {
      intake.onSettled = resolve;
      this.parts.ingestion.submit(intake);
      if (intake.isSettled) resolve();
    });
    if (intake.hasTimesMissing) await this.parts.duplicateTimes.fill(intake);
  }
}

interface Received {
  readonly body: Buffer;
  readonly accepted: Accepted;
  readonly bearer: Bearer;
}

/**
 * Undefined: any key.
 * @throws ForeshardError forbidden
 */
function permittedKeys({ appends, principal }: Bearer, stream: string): Accepted['keyPrefixes'] {
  const keys = appends(stream);
  if (keys === 'none') requirePermission(principal, PERMISSION, { stream });
  return typeof keys === 'string' ? undefined : keys;
}

/** @throws ForeshardError invalid_event, malformed_body, unsupported_media_type */
function eventInHeaders(rawHeaders: readonly string[], body: Buffer): Buffer {
  const event = binaryEvent(rawHeaders, body);
  if (!(event instanceof BinaryFault)) return event;
  throw new ForeshardError(event.code, event.detail, { pointer: event.pointer });
}

/** @throws ForeshardError invalid_parameter: nothing can be asked for beside storing */
function refuseQuery(url: string): void {
  const at = url.indexOf('?');
  if (at === -1) return;
  const names = [...new Set(new URLSearchParams(url.slice(at)).keys())];
  checkedQuery(NO_PARAMETERS, Object.fromEntries(names.map((name) => [name, ['']])));
}

const NO_PARAMETERS = z.object({});

function tokenOf(header: string | string[] | undefined): number {
  if (header === undefined) return 0;
  const ts = typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (Number.isSafeInteger(ts)) return ts;
  throw new ForeshardError(
    'invalid_parameter',
    `The header ${TOKEN_HEADER} holds a "ts" of an earlier answer.`,
    { pointer: `${TOKEN_HEADER}:` },
  );
}
