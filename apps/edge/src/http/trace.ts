/**
 * W3C Trace Context: a request that brings a valid `traceparent` goes on with its trace, any other begins
 * one; either way the edge's part is a span of its own. What is not valid is passed over, as the
 * specification wants, because a broken tracer must not cost anybody an event.
 *
 * Ids are made only where they are told (an answer to a `traceparent`, a problem, a log line), so that a
 * post of events without a trace pays nothing.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface Trace {
  readonly traceId: string;
  /** the span of this edge */
  readonly spanId: string;
  /** the span of the client; undefined when the trace begins here */
  readonly parentId: string | undefined;
  readonly flags: string;
  readonly state: string | undefined;
}

/** version 00 has exactly these four fields; later versions may append more */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const ZERO = /^0+$/;
/** The least that a tracer must pass on; a longer list is left out as a whole. */
const STATE_CHARS_MAX = 512;
const STATE_MEMBERS_MAX = 32;
const STATE_MEMBER =
  /^[a-z\d][a-z\d_\-*/]{0,240}(@[a-z][a-z\d_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

const traces = new WeakMap<IncomingMessage, Trace>();

/** The same for everything that is told about one request. */
export function traceOf(request: IncomingMessage): Trace {
  let trace = traces.get(request);
  if (trace === undefined) traces.set(request, (trace = traceOfHeaders(request.headers)));
  return trace;
}

export function traceOfHeaders(headers: IncomingHttpHeaders): Trace {
  const parent = parentOf(headers.traceparent);
  const spanId = randomId(8);
  if (parent === undefined) {
    return { traceId: randomId(16), spanId, parentId: undefined, flags: '00', state: undefined };
  }
  return { ...parent, spanId, state: stateOf(headers.tracestate) };
}

/** What `traceresponse` carries: the trace and the span of this edge. */
export function traceresponse({ traceId, spanId, flags }: Trace): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** Names one request in problem documents and in the log. */
export function requestId({ traceId, spanId }: Trace): string {
  return `${traceId}-${spanId}`;
}

function parentOf(header: string | string[] | undefined) {
  const found = typeof header === 'string' ? TRACEPARENT.exec(header.trim()) : null;
  if (found === null) return undefined;
  const [, version, traceId, parentId, flags, more] = found;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (ZERO.test(traceId!) || ZERO.test(parentId!)) return undefined;
  // of the flags of a later version only "sampled" is known to mean the same
  const sampled = (Number.parseInt(flags!, 16) & 1) === 1;
  return { traceId: traceId!, parentId: parentId!, flags: sampled ? '01' : '00' };
}

function stateOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : header;
  if (text === undefined || text.length > STATE_CHARS_MAX) return undefined;
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  if (members.length === 0 || members.length > STATE_MEMBERS_MAX) return undefined;
  const keys = new Set(members.map((member) => member.split('=')[0]));
  if (keys.size < members.length || !members.every((member) => STATE_MEMBER.test(member))) return undefined;
  return members.join(',');
}

function randomId(bytes: number): string {
  for (;;) {
    const id = randomBytes(bytes).toString('hex');
    if (!ZERO.test(id)) return id;
  }
}
