/** Writes answers on a plain response of node:http, where the hot path does without a framework. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAsking } from './expect-continue.ts';
import { BODY_FORMATS } from './media-type.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.ts';
import { traceOf, traceresponse } from './trace.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterSeconds?: number | undefined;
  /** a body known to be ASCII is sent as it is */
  readonly isAscii?: boolean;
}

export function respond(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  const headers: Record<string, string | number> = {
    'content-type': answer.contentType,
    'content-length': answer.isAscii === true ? answer.body.length : Buffer.byteLength(answer.body),
  };
  if (answer.retryAfterSeconds !== undefined) headers['retry-after'] = answer.retryAfterSeconds;
  if (answer.status === 401) headers['www-authenticate'] = 'Bearer';
  if (answer.status === 415) Object.assign(headers, ACCEPTED);
  response.writeHead(answer.status, headers);
  response.end(answer.body, answer.isAscii === true ? 'latin1' : 'utf8');
}

/** What a 415 tells of what would have been taken (RFC 9110, 15.5.16; RFC 5023, Accept-Post). */
const ACCEPTED = { 'accept-encoding': 'gzip, identity', 'accept-post': Object.keys(BODY_FORMATS).join(', ') };

/** How long a client may go on sending a body that was refused, before its connection is cut. */
const LINGER_MS = 1_000;

/**
 * A problem, also in the middle of a body: what is still on its way is thrown away first, because a
 * connection closed on a sender takes the answer with it.
 */
export function respondProblem(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const trace = traceOf(request);
  const { document, retryAfterSeconds, headers } = problemOf(error, trace);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('traceresponse', traceresponse(trace));
  const answer: Answer = {
    status: document.status,
    contentType: PROBLEM_MEDIA_TYPE,
    body: JSON.stringify(document),
    retryAfterSeconds,
  };
  if (isAsking(request)) response.setHeader('connection', 'close');
  if (request.complete || isAsking(request)) {
    respond(response, answer);
    return;
  }
  const finish = () => {
    clearTimeout(timer);
    if (!request.complete) response.setHeader('connection', 'close');
    if (!response.headersSent) respond(response, answer);
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.once('end', finish);
  request.resume();
}
