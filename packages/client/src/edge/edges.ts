/**
 * The edges of a cluster: any of them serves any request. One is used until it cannot be reached; the next in the list follows.
 * A call is one request and is never repeated here: who asks knows what may be repeated.
 */
import { ForeshardError, type ProblemDocument } from './errors.ts';
import { type Hooks, Watch } from './hooks.ts';
import { type Linked, linked } from './waiting.ts';

export type Token = string | (() => string | Promise<string>);

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface EdgesOptions {
  /** of one edge, or of several: the others are used while the first cannot be reached */
  readonly url: string | readonly string[];
  /** asked for every request where it is a function: a token that was replaced. One that throws is `no_token`, at once */
  readonly token: Token;
  /** in the place of the global one */
  readonly fetch?: Fetch | undefined;
  readonly hooks?: Hooks | undefined;
  /** from the first byte sent to the last one received, beside the time that a poll waits; 60 s */
  readonly timeoutMs?: number | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  readonly contentType?: string | undefined;
  /** `application/octet-stream`: a success is answered as `bytes` */
  readonly accept?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** how long the edge may wait before it answers */
  readonly waitMs?: number | undefined;
  /** in the place of that of all calls */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** in the place of the edge that is used now */
  readonly edge?: string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: the answer of an edge is a contract, which tests hold against its schemas
  readonly body: any;
  /** of an answer that was asked for as such */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
  /** characters of the answer */
  readonly size: number;
}

export const BYTES_TYPE = 'application/octet-stream';
const TIMEOUT_MS = 60_000;
/** The edge ends an answer at 16 MB of events; JSON makes more of them. */
const ANSWER_CHARS_MAX = 100_000_000;
const TEXT_SHOWN = 200;

export class Edges {
  readonly urls: readonly string[];
  readonly watch: Watch;
  private readonly options: EdgesOptions;
  private readonly fetch: Fetch;
  private at = 0;

  /** @throws TypeError for what is no address */
  constructor(options: EdgesOptions) {
    const given = typeof options.url === 'string' ? [options.url] : options.url;
    if (given.length === 0) throw new TypeError('the address of an edge is missing');
    this.urls = given.map(edgeUrl);
    this.options = options;
    this.fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.watch = new Watch(options.hooks);
  }

  /** The one that is used now. */
  get url(): string {
    return this.urls[this.at]!;
  }

  /** The whole answer, whatever its status. @throws ForeshardError unreachable, the signal's reason */
  async ask(call: Call): Promise<Reply> {
    const { response, limits, url } = await this.open(call);
    try {
      const { status } = response;
      if (call.accept === BYTES_TYPE && status === 200) {
        const bytes = new Uint8Array(await response.arrayBuffer());
        return { status, retryAfterMs: undefined, body: undefined, bytes, size: bytes.length };
      }
      const text = await textOf(response);
      const reply = { status, retryAfterMs: retryAfterMs(response), size: text.length };
      const body = bodyOf(text, status);
      if (status >= 502 && (body?.code === undefined || body.code === 'not_ready')) this.failed(url);
      return { ...reply, body };
    } catch (error) {
      throw this.failure(error, url, call, limits);
    } finally {
      limits.release();
    }
  }

  /**
   * The head of an answer. The caller reads the body and releases `limits`; for a stream, which has no end, it lifts the
   * time limit before.
   */
  async open(call: Call): Promise<{ response: Response; limits: Linked; url: string }> {
    const url = call.edge ?? this.url;
    const timeoutMs = (call.timeoutMs ?? this.options.timeoutMs ?? TIMEOUT_MS) + (call.waitMs ?? 0);
    const limits = linked([call.signal], timeoutMs);
    const ended = { done: (_: { status?: number; error?: unknown }): void => {} };
    try {
      const headers = await this.headersOf(call);
      ended.done = this.watch.request({ method: call.method, url: url + call.path, headers });
      const response = await this.fetch(url + call.path, {
        ...{ method: call.method, headers, signal: limits.signal },
        ...(call.body === undefined ? {} : { body: call.body }),
        // a token is for this address only
        ...{ redirect: 'error', cache: 'no-store', credentials: 'omit' },
      });
      ended.done({ status: response.status });
      return { response, limits, url };
    } catch (error) {
      const failure = this.failure(error, url, call, limits);
      ended.done({ error: failure });
      limits.release();
      throw failure;
    }
  }

  /** Whether an edge answers there, without showing the token. */
  async isAlive(url: string, timeoutMs: number): Promise<boolean> {
    const limits = linked([], timeoutMs);
    try {
      const response = await this.fetch(`${url}/livez`, { redirect: 'error', signal: limits.signal });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    } finally {
      limits.release();
    }
  }

  /** The next one is used from now on, unless another call has changed to it already. */
  failed(url: string): void {
    if (this.url === url) this.at = (this.at + 1) % this.urls.length;
  }

  private async headersOf({ accept, contentType, headers }: Call): Promise<Record<string, string>> {
    return {
      authorization: `Bearer ${await tokenOf(this.options.token)}`,
      accept: accept ?? 'application/json',
      // an answer that is cut off in the middle of gzip ends the process in some releases of Node
      'accept-encoding': 'identity',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...headers,
    };
  }

  private failure(error: unknown, url: string, { signal }: Call, limits: Linked): unknown {
    if (signal?.aborted === true) return signal.reason;
    if (error instanceof ForeshardError) return error;
    this.failed(url);
    const reason = limits.isLate() ? 'no answer in time' : reasonOf(error);
    return new ForeshardError('unreachable', reason, { edge: url, cause: error });
  }
}

/** Whether another try helps only its author knows, so none is made. @throws ForeshardError no_token */
async function tokenOf(token: Token): Promise<string> {
  if (typeof token === 'string') return token;
  let given: unknown;
  try {
    given = await token();
  } catch (cause) {
    throw new ForeshardError('no_token', `the function that gives the token failed: ${reasonOf(cause)}`, {
      cause,
    });
  }
  if (typeof given === 'string' && given !== '') return given;
  throw new ForeshardError('no_token', 'the function that gives the token gave none');
}

/** What an answer that is no success means. */
export function problemOf(reply: Reply): ForeshardError {
  const problem: ProblemDocument = reply.body ?? {};
  const { status, retryAfterMs } = reply;
  if (typeof problem.code !== 'string')
    return new ForeshardError('not_an_edge', `an answer ${status} that is none of an edge`, {
      ...{ status, retryAfterMs },
    });
  const message = problem.detail ?? problem.title ?? problem.code;
  return new ForeshardError(problem.code, message, { status, problem, retryAfterMs });
}

/** @throws ForeshardError */
export function expected(reply: Reply): Reply['body'] {
  if (reply.status >= 200 && reply.status < 300 && reply.body !== NOT_JSON) return reply.body;
  throw problemOf(reply.body === NOT_JSON ? { ...reply, body: undefined } : reply);
}

/** In the place of a body that is no JSON. */
const NOT_JSON = Object.freeze({});

function bodyOf(text: string, status: number): Reply['body'] {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return status < 300 ? NOT_JSON : { detail: text.slice(0, TEXT_SHOWN) };
  }
}

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  const pieces: string[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces.join('') + decoder.decode();
    size += value.byteLength;
    if (size > ANSWER_CHARS_MAX) {
      await reader.cancel();
      throw new ForeshardError('not_an_edge', `an answer of more than ${ANSWER_CHARS_MAX} bytes`);
    }
    pieces.push(decoder.decode(value, { stream: true }));
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function edgeUrl(text: string): string {
  const { username = '', password = '' } = URL.canParse(text) ? new URL(text) : {};
  // errors and hooks show the address, and `fetch` takes none of the kind
  if (username !== '' || password !== '')
    throw new TypeError('the address of an edge has neither user nor password: give a token');
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new TypeError(`"${text}" is not an http address of an edge`);
  return text.replace(/\/+$/, '');
}

/** `fetch` tells the reason in the cause of its error. */
function reasonOf(error: unknown): string {
  const { message, cause } = Object(error) as {
    message?: string;
    cause?: { code?: string; message?: string };
  };
  if (cause?.code === 'ECONNREFUSED') return 'no edge listens there';
  return cause?.message || cause?.code || message || String(error);
}
