/**
 * POST of events: the hot path. Token, stream, media type and limits are checked before the body is read;
 * then every event gets its own outcome. A client that hangs up changes nothing for what was accepted.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, ForeshardError } from '@foreshard/core/kernel';
import type { Stream } from '@foreshard/core/topology';
import type { Ingestion } from '../ingest/ingestion.ts';
import type { Intake } from '../ingest/intake.ts';
import { bodyFormat } from '../ingest/media-type.ts';
import { readEvents } from '../ingest/read-events.ts';
import { replyTo } from '../ingest/reply.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import type { ByteBudget } from './byte-budget.ts';
import { HungUp, readBody } from './read-body.ts';
import { respond, respondProblem } from './respond.ts';
import type { TokenCheck } from './token-check.ts';

export interface EventsEndpointParts {
  readonly map: EdgeMap;
  readonly ingestion: Pick<Ingestion, 'submit'>;
  readonly tokens: TokenCheck;
  readonly budget: ByteBudget;
  readonly clock: Clock;
  readonly bodyBytesMax: number;
  readonly eventBytesMax: number;
  readonly fault: (error: unknown) => void;
}

/** The `ts` of an earlier answer: every event of the request is ordered after it. */
export const TOKEN_HEADER = 'foreshard-token';

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
      if (!(error instanceof ForeshardError)) this.parts.fault(error);
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
    if (!tokens.permits(headers.authorization, 'ingest'))
      await tokens.require(headers.authorization, 'ingest');
    const stream = this.stream(streamName);
    const format = bodyFormat(headers['content-type'], headers['content-encoding']);
    const tokenTs = tokenOf(headers[TOKEN_HEADER]);
    const body = await readBody(request, bodyBytesMax, budget);
    try {
      const intake = readEvents(format, body.bytes, {
        stream,
        tokenTs,
        nowMicros: this.parts.clock.nowMicros(),
        eventBytesMax: this.parts.eventBytesMax,
      });
      await this.settle(intake);
      respond(response, replyTo(intake));
    } finally {
      body.release();
    }
  }

  private stream(name: string): Stream {
    const stream = this.parts.map.topology.streamNamed(name);
    if (stream === undefined) throw new ForeshardError('unknown_stream', `There is no stream "${name}".`);
    return stream;
  }

  private settle(intake: Intake): Promise<void> {
    return new Promise((resolve) => {
      intake.onSettled = resolve;
      this.parts.ingestion.submit(intake);
      if (intake.isSettled) resolve();
    });
  }
}

function tokenOf(header: string | string[] | undefined): number {
  if (header === undefined) return 0;
  const ts = typeof header === 'string' && /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (Number.isSafeInteger(ts)) return ts;
  throw new ForeshardError(
    'invalid_parameter',
    `The header ${TOKEN_HEADER} holds a "ts" of an earlier answer.`,
  );
}
