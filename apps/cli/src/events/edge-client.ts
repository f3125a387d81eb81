/**
 * Talks to an edge over connections that are kept open. Whatever passes by itself (a connection that broke,
 * an edge that starts anew, a shardlet that moves) is an `Unavailable`: the caller tries again, with the
 * same events, which are stored once. Anything else ends the command.
 */
import { Pool } from 'undici';
import type { EdgeAccess } from '../credentials.ts';
import { badInput, CommandFailure, EXIT_FAILURE } from '../failure.ts';

export interface EventResult {
  readonly id: string | null;
  readonly status: 'stored' | 'duplicate' | 'expired' | 'error';
  readonly error?: { readonly code: string; readonly status: number; readonly detail: string };
}

export interface LogEvent {
  readonly stream: string;
  readonly shard: number;
  readonly shardlet: number;
  readonly seq: number;
  /** microseconds since 1970 */
  readonly ts: number;
  readonly late?: boolean;
  readonly event: {
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly subject?: string;
    readonly partitionkey?: string;
    readonly data?: unknown;
  };
}

export interface LogPage {
  readonly events: readonly LogEvent[];
  readonly next: string;
  readonly atHead: boolean;
  readonly waitingFor?: readonly { readonly host: number; readonly name?: string }[];
  /** retention removed what is below `firstSeq` before it was read */
  readonly trimmed?: readonly { readonly shardlet: number; readonly firstSeq: number }[];
  /** a host went back: what was read above `seq` may be gone */
  readonly lost?: readonly { readonly shardlet: number; readonly seq: number }[];
}

export interface LogQuery {
  readonly stream: string;
  readonly key?: string | undefined;
  readonly from?: string | undefined;
  readonly limit: number;
  readonly waitMs?: number;
}

/** Not now: nothing is known of what was asked for, or it is known not to be done. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** An edge under load answers late, but it answers; a network that is cut does not. */
const ANSWER_TIMEOUT_MS = 60_000;
/** The edge ends a page at 16 MB of events; JSON makes more of them. */
const ANSWER_BYTES_MAX = 100_000_000;
const KEEP_ALIVE_MS = 60_000;
const TOO_LARGE = 413;

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class EdgeClient {
  private readonly pool: Pool;
  private readonly path: string;
  private readonly authorization: string;

  constructor({ edgeUrl, token }: EdgeAccess, connections: number) {
    const { origin, pathname } = new URL(edgeUrl);
    this.path = pathname.replace(/\/+$/, '');
    this.authorization = `Bearer ${token}`;
    this.pool = new Pool(origin, {
      connections,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      maxResponseSize: ANSWER_BYTES_MAX,
    });
  }

  /**
   * One event a line, in as many requests as the edge's limit of a body asks for.
   *
   * @throws Unavailable, CommandFailure
   */
  async post(stream: string, lines: readonly string[]): Promise<readonly EventResult[]> {
    const { status, text } = await this.request(
      'POST',
      `/v1/streams/${encodeURIComponent(stream)}/events`,
      lines.join('\n'),
    );
    const body = parsed(text);
    if (Array.isArray(body.results)) return body.results;
    if (status !== TOO_LARGE) throw failureOf(status, body, text);
    if (lines.length === 1) return [tooLarge(body)];
    const middle = Math.ceil(lines.length / 2);
    const before = await this.post(stream, lines.slice(0, middle));
    return [...before, ...(await this.post(stream, lines.slice(middle)))];
  }

  /** @throws Unavailable, CommandFailure */
  async log({ stream, key, from, limit, waitMs = 0 }: LogQuery, signal?: AbortSignal): Promise<LogPage> {
    const query = new URLSearchParams({ limit: String(limit), wait: String(waitMs) });
    if (from !== undefined) query.set('from', from);
    const place = key === undefined ? 'log' : `keys/${encodeURIComponent(key)}/events`;
    const path = `/v1/streams/${encodeURIComponent(stream)}/${place}?${query}`;
    const { status, text } = await this.request('GET', path, undefined, signal);
    const body = parsed(text);
    if (status === 200) return body;
    throw failureOf(status, body, text);
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  private async request(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const headers = {
      authorization: this.authorization,
      ...(body === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
    };
    try {
      const response = await this.pool.request({
        method,
        path: this.path + path,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new Unavailable(reasonOf(error), { cause: error });
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what an edge answers is its contract, checked by its own tests
function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** An event that is larger than a whole request may be: it alone is refused. */
function tooLarge({ code = 'body_too_large', detail = '' }: { code?: string; detail?: string }): EventResult {
  const error = { code, status: TOO_LARGE, detail: `the event is larger than a request may be: ${detail}` };
  return { id: null, status: 'error', error };
}

function failureOf(
  status: number,
  body: { code?: string; detail?: string; cure?: string },
  text: string,
): Error {
  const detail = body.detail ?? text.slice(0, 200);
  if (status === 429 || status >= 500) return new Unavailable(`the edge answers ${status}: ${detail}`);
  const message = `the edge answers ${status}: ${detail}${body.cure === undefined ? '' : ` (${body.cure})`}`;
  const options = body.code === undefined ? {} : { document: { code: body.code, detail, cure: body.cure } };
  const isWrong = status === 400 || status === 401 || status === 404;
  return isWrong ? badInput(message, options) : new CommandFailure(message, EXIT_FAILURE, options);
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'no edge listens there' : message || String(code);
}
