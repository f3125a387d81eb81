/**
 * The console's way to events: the public HTTP API of the edge, with a token that stays on the server. The
 * console has no other path to a host, so whatever it shows any client can read.
 */
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

export class EdgeClient {
  private readonly url: string;
  private readonly token: string | undefined;
  private readonly request: typeof request;

  constructor({ edgeUrl, token }: { edgeUrl: string; token: string | undefined }, send: typeof request) {
    this.url = edgeUrl;
    this.token = token;
    this.request = send;
  }

  /** @throws EdgeRefusal, in words for people */
  get(path: string, signal?: AbortSignal): Promise<string> {
    return this.call(path, 'read', { method: 'GET' }, signal);
  }

  /** Has an edge carry out an operation: only edges have a path to hosts. @throws ForeshardError, EdgeRefusal */
  async operate<O extends AnyOperation>(
    operation: O,
    input: z.input<O['input']>,
    dryRun: boolean,
  ): Promise<OutputOf<O>> {
    const { method, path, body } = requestOf(operation, input, dryRun);
    const { status, text } = await this.send(path, operation.permission, {
      method,
      ...(body === undefined ? {} : { body: body.text, headers: { 'content-type': body.mediaType } }),
    });
    if (status >= 200 && status < 300) return (text === '' ? undefined : JSON.parse(text)) as OutputOf<O>;
    throw problemIn(text) ?? new EdgeRefusal(status, `The edge answers ${status}: ${detailOf(text)}`);
  }

  /** What the edge says of its own API, which needs no token. */
  async document(): Promise<string> {
    const options = { method: 'GET', timeoutMs: DOCUMENT_TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX } as const;
    const { status, text } = await this.request(`${this.url}/v1/openapi.json`, options);
    if (status !== 200) throw new EdgeRefusal(status, `The edge answers ${status}: ${detailOf(text)}`);
    return text;
  }

  private async call(path: string, scope: string, init: Init, signal?: AbortSignal): Promise<string> {
    const { status, text } = await this.send(path, scope, init, signal);
    if (status < 200 || status >= 300)
      throw new EdgeRefusal(status, `The edge answers ${status}: ${detailOf(text)}`);
    return text;
  }

  private async send(path: string, scope: string, init: Init, signal?: AbortSignal) {
    if (this.token === undefined)
      throw new EdgeRefusal(
        401,
        `This console has no token for the edge. Set FORESHARD_TOKEN to one with the scope ${scope}.`,
      );
    return this.request(`${this.url}${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${this.token}`, accept: 'application/json' },
      signal,
      timeoutMs: TIMEOUT_MS,
      bytesMax: ANSWER_BYTES_MAX,
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new EdgeRefusal(503, `The edge at ${this.url} does not answer: ${edgeFailure(error)}.`);
    });
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
