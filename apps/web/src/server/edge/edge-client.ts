/**
 * The console's way to events: the public HTTP API of the edge. It asks as the person who looks, with an assertion that
 * lives for a minute, or as the program that asks, with its token: the edge judges what they may. The console has no
 * other path to a host, and no token of its own that may do more.
 */
import type { AssertedClient, Principal } from '@foreshard/core/access';
import type { RequestFailed, request } from '@foreshard/core/adapters/outgoing-http';
import { ERRORS, type ErrorCode, ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation,
  type OperationRequest,
  type OutputOf,
  requestOf,
} from '@foreshard/core/operations';
import { z } from 'zod';

/** The edge waits up to 30 s by itself; a page of large events needs a moment as well. */
const TIMEOUT_MS = 20_000;
const DOCUMENT_TIMEOUT_MS = 5_000;
/** The edge ends a page at 16 MB of events; JSON makes more of them. */
const ANSWER_BYTES_MAX = 100_000_000;

/** The edge has answered, and not with what was asked for. */
export class EdgeRefusal extends Error {
  override readonly name = 'EdgeRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const problemSchema = z.object({ title: z.string().optional(), detail: z.string().optional() });

/** What to send an edge as whoever asks, from where. */
type Authorize = (principal: Principal, client: AssertedClient) => Promise<string>;

/** Half of the life of an assertion: an edge need not judge a new one for each call. */
const BEARER_FRESH_MS = 30_000;

/** Edges, asked as nobody yet. */
export class EdgeClient {
  private readonly url: string;
  private readonly request: typeof request;
  private readonly authorize: Authorize;
  /** another principal is another key: sessions make a new one when they look up who it is */
  private readonly bearers = new WeakMap<
    Principal,
    { readonly text: Promise<string>; readonly atMs: number; readonly client: AssertedClient }
  >();

  /** @param refusal why this edge must not be asked; undefined: it may be */
  constructor(
    edgeUrl: string,
    send: typeof request,
    authorize: Authorize,
    refusal: () => string | undefined = () => undefined,
  ) {
    this.url = edgeUrl;
    this.request = async (...call) => {
      const foreign = refusal();
      if (foreign !== undefined)
        throw new EdgeRefusal(503, `The edge at ${edgeUrl} is not asked: ${foreign}.`);
      return send(...call);
    };
    this.authorize = authorize;
  }

  as(principal: Principal, { address, sessionId }: AssertedClient): EdgeCalls {
    return new EdgeCalls(this.url, this.request, () => this.bearerOf(principal, { address, sessionId }));
  }

  /** What the edge says of its own API, which needs no token. */
  async document(): Promise<string> {
    const options = { method: 'GET', timeoutMs: DOCUMENT_TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX } as const;
    const { status, text } = await this.request(`${this.url}/v1/openapi.json`, options);
    if (status !== 200) throw new EdgeRefusal(status, `The edge answers ${status}: ${detailOf(text)}`);
    return text;
  }

  private bearerOf(principal: Principal, client: AssertedClient): Promise<string> {
    const known = this.bearers.get(principal);
    const isFresh = known !== undefined && Date.now() - known.atMs < BEARER_FRESH_MS;
    if (isFresh && isSame(known.client, client)) return known.text;
    const text = this.authorize(principal, client).catch((cause: Error) => {
      this.bearers.delete(principal);
      throw new EdgeRefusal(503, `Nothing can be asserted to the edge: ${cause.message}`);
    });
    this.bearers.set(principal, { text, atMs: Date.now(), client });
    return text;
  }
}

/** The address of a session changes with the network of a notebook. */
function isSame(one: AssertedClient, other: AssertedClient): boolean {
  return one.address === other.address && one.sessionId === other.sessionId;
}

/** Edges, asked as somebody. */
export class EdgeCalls {
  private readonly url: string;
  private readonly request: typeof request;
  private readonly authorize: () => Promise<string>;

  constructor(url: string, send: typeof request, authorize: () => Promise<string>) {
    this.url = url;
    this.request = send;
    this.authorize = authorize;
  }

  /** @throws EdgeRefusal, in words for people */
  get(path: string, signal?: AbortSignal): Promise<string> {
    return this.call(path, { method: 'GET' }, signal);
  }

  /** Has an edge carry out an operation: only edges have a path to hosts. @throws ForeshardError, EdgeRefusal */
  async operate<O extends AnyOperation>(
    operation: O,
    input: z.input<O['input']>,
    dryRun: boolean,
  ): Promise<OutputOf<O>> {
    const { method, path, body } = requestOf(operation, input, dryRun);
    const { status, text } = await this.send(path, {
      method,
      ...(body === undefined ? {} : { body: body.text, headers: { 'content-type': body.mediaType } }),
    });
    if (status >= 200 && status < 300) return (text === '' ? undefined : JSON.parse(text)) as OutputOf<O>;
    throw problemIn(text) ?? new EdgeRefusal(status, `The edge answers ${status}: ${detailOf(text)}`);
  }

  private async call(path: string, init: Init, signal?: AbortSignal): Promise<string> {
    const { status, text } = await this.send(path, init, signal);
    if (status < 200 || status >= 300)
      throw new EdgeRefusal(status, `The edge answers ${status}: ${detailOf(text)}`);
    return text;
  }

  private async send(path: string, init: Init, signal?: AbortSignal) {
    const authorization = `Bearer ${await this.authorize()}`;
    const answer = await this.request(`${this.url}${path}`, {
      ...init,
      headers: { ...init.headers, authorization, accept: 'application/json' },
      signal,
      timeoutMs: TIMEOUT_MS,
      bytesMax: ANSWER_BYTES_MAX,
    }).catch((error: unknown) => {
      if (signal?.aborted || error instanceof EdgeRefusal) throw error;
      throw new EdgeRefusal(503, `The edge at ${this.url} does not answer: ${edgeFailure(error)}.`);
    });
    // whoever asks is signed in here: it is the edge that does not know the key of this console, or has no store
    if (answer.status === 401)
      throw new EdgeRefusal(
        503,
        `The edge does not accept what this console asserts: ${detailOf(answer.text)}`,
      );
    return answer;
  }
}

interface Init {
  readonly method: OperationRequest['method'];
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a person should look at first. */
export function edgeFailure(error: unknown): string {
  const { kind, message, cause } = error as Partial<RequestFailed>;
  if (kind === 'timeout' || kind === 'too-large') return message!;
  const code = cause instanceof Error && Reflect.get(cause, 'code');
  return code === 'ECONNREFUSED' ? 'nothing listens on its address' : 'its address cannot be reached';
}

function problemIn(text: string): ForeshardError | undefined {
  try {
    const { code, detail } = JSON.parse(text) as { code: ErrorCode; detail: string };
    return code in ERRORS ? new ForeshardError(code, detail) : undefined;
  } catch {
    return undefined;
  }
}

function detailOf(text: string): string {
  try {
    const { detail, title } = problemSchema.parse(JSON.parse(text));
    return detail ?? title ?? 'without a reason';
  } catch {
    return 'without a reason';
  }
}
