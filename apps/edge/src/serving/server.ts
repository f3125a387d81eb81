/**
 * The HTTP server. Posts of events are told apart by their path and handled on the bare response, because a
 * framework's objects would cost more than the event; everything else goes to Hono.
 *
 * It listens before the map is there, so that health checks get an answer: until then `not_ready`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { ForeshardError } from '@foreshard/core/kernel';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { answerBroken, refuseTunnel } from '../http/broken-requests.ts';
import type { CrossOrigin } from '../http/cross-origin.ts';
import { asksToContinue, letContinue } from '../http/expect-continue.ts';
import type { EdgeMetrics } from '../http/metrics.ts';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../http/problem.ts';
import { respond, respondProblem } from '../http/respond.ts';
import { MAIN_STREAM } from '../map/edge-map.ts';
import type { EventsEndpoint } from './events-endpoint.ts';

/** how late a request that takes too long may be noticed */
const TIMEOUT_CHECK_MS = 1_000;
/** longer than load balancers keep theirs, so that they close first and never meet a closed one */
const KEEP_ALIVE_MS = 75_000;
const HEADER_BYTES_MAX = 16_384;
/** each may hold as many bytes of headers: 128 MiB at the worst */
const CONNECTIONS_MAX = 8_192;
/** a request that was sent before the client could know of the end arrives within this time */
const IDLE_GRACE_MS = 100;
/** how often connections that fell idle are closed while draining */
const IDLE_SWEEP_MS = 50;

export interface RequestTimes {
  /** of all headers */
  readonly headersMsMax: number;
  /** of the whole request */
  readonly requestMsMax: number;
}

export interface Handlers {
  readonly events: EventsEndpoint;
  readonly routes: Hono;
}

export class EdgeServer {
  private readonly server: Server;
  private readonly metrics: EdgeMetrics;
  private readonly crossOrigin: CrossOrigin;
  private events: EventsEndpoint | undefined;
  private draining = false;
  private listener: ReturnType<typeof getRequestListener> | undefined;

  constructor(metrics: EdgeMetrics, crossOrigin: CrossOrigin, { headersMsMax, requestMsMax }: RequestTimes) {
    this.metrics = metrics;
    this.crossOrigin = crossOrigin;
    this.server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: Math.min(headersMsMax, requestMsMax),
        requestTimeout: requestMsMax,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        // Node's own answer to its absence has no body
        requireHostHeader: false,
      },
      (request, response) => this.handle(request, response),
    );
    this.server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.server.maxConnections = CONNECTIONS_MAX;
    // they are bounded by their bytes; a bound on their number would drop the rest in silence
    this.server.maxHeadersCount = 0;
    this.server.on('checkContinue', (request, response) => {
      asksToContinue(request);
      this.handle(request, response);
    });
    this.server.on('checkExpectation', (request, response) => {
      asksToContinue(request);
      respondProblem(request, response, new ForeshardError('expectation_failed', UNKNOWN_EXPECTATION));
    });
    this.server.on('clientError', (error, socket) => this.broken(answerBroken(error, socket)));
    this.server.on('connect', (_request, socket) => this.broken(refuseTunnel(socket)));
  }

  /** Answers the port, which is another one when 0 was asked for. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        const address = this.server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  ready({ events, routes }: Handlers): void {
    this.events = events;
    this.listener = getRequestListener(routes.fetch, {
      // of HTTP/1.0, which needs no Host
      hostname: 'edge',
      errorHandler: () => malformedUrl(),
    });
  }

  /**
   * Takes no new connection and waits for the requests that are being answered, at most so long. What a
   * client has sent on an open connection just now is still answered; then idle connections are closed.
   */
  async drain(patienceMs: number): Promise<void> {
    this.draining = true;
    const cut = setTimeout(() => this.server.closeAllConnections(), patienceMs);
    // close() of an HTTP server would also cut connections on which a request is about to arrive
    const closed = new Promise((resolve) => NetServer.prototype.close.call(this.server, resolve));
    await new Promise((resolve) => setTimeout(resolve, IDLE_GRACE_MS));
    const sweep = setInterval(() => this.server.closeIdleConnections(), IDLE_SWEEP_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }

  private broken(status: number | undefined): void {
    if (status !== undefined) this.metrics.answered('broken', status);
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const stream = request.method === 'POST' ? streamOf(request.url!) : undefined;
    const route = stream === undefined ? 'other' : 'events';
    if (this.draining) response.setHeader('connection', 'close');
    response.once('finish', () => this.metrics.answered(route, response.statusCode));
    if (this.crossOrigin.answers(request, response)) return;
    if (request.headers.host === undefined && request.httpVersion === '1.1')
      respondProblem(
        request,
        response,
        new ForeshardError('malformed_request', 'The header Host is missing.'),
      );
    else if (this.events === undefined || this.listener === undefined) this.beforeReady(request, response);
    else if (stream !== undefined) void this.events.handle(request, response, stream);
    else {
      letContinue(request, response);
      void this.listener(request, response);
    }
  }

  private beforeReady(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/livez') respond(response, { status: 200, contentType: 'text/plain', body: 'ok' });
    // an EventSource gives up for good on a status, and comes back to a connection that was closed
    else if (request.headers.accept?.includes('text/event-stream') === true) request.socket.destroy();
    else {
      const notReady = new ForeshardError('not_ready', 'The edge waits for the topology store.', {
        retryAfterSeconds: 1,
      });
      respondProblem(request, response, notReady);
    }
  }
}

/** Host and path together are no URL: Hono was not even asked. */
function malformedUrl(): Response {
  const document = problemDocument('malformed_request', 'The header Host and the path make no valid URL.');
  const headers = { 'content-type': PROBLEM_MEDIA_TYPE };
  return new Response(JSON.stringify(document), { status: document.status, headers });
}

const UNKNOWN_EXPECTATION = 'The edge knows no expectation but 100-continue.';
const SHORT_PATH = '/v1/events';
const STREAM_PATH = /^\/v1\/streams\/([^/?]+)\/events(?:\?.*)?$/;

/** The stream whose events are posted here; `undefined` for any other path. */
function streamOf(url: string): string | undefined {
  if (url === SHORT_PATH || url.startsWith(`${SHORT_PATH}?`)) return MAIN_STREAM;
  return STREAM_PATH.exec(url)?.[1];
}
