/**
 * The console's way to events: the public HTTP API of the edge, with a token that stays on the server. The
 * console has no other path to a host, so whatever it shows any client can read.
 */
import { z } from 'zod';

/** The edge waits up to 30 s by itself; a page of large events needs a moment as well. */
const TIMEOUT_MS = 20_000;

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

  constructor({ edgeUrl, token }: { edgeUrl: string; token: string | undefined }) {
    this.url = edgeUrl;
    this.token = token;
  }

  /** @throws EdgeRefusal, in words for people */
  get(path: string, signal?: AbortSignal): Promise<string> {
    return this.call(path, 'read', { method: 'GET' }, signal);
  }

  /** @throws EdgeRefusal, in words for people */
  post(path: string, body: object): Promise<string> {
    const headers = { 'content-type': 'application/json' };
    return this.call(path, 'admin', { method: 'POST', body: JSON.stringify(body), headers });
  }

  private async call(
    path: string,
    scope: string,
    init: { method: string; body?: string; headers?: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<string> {
    if (this.token === undefined)
      throw new EdgeRefusal(
        401,
        `This console has no token for the edge. Set FORESHARD_TOKEN to one with the scope ${scope}.`,
      );
    const patience = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await fetch(`${this.url}${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${this.token}`, accept: 'application/json' },
      signal: signal === undefined ? patience : AbortSignal.any([patience, signal]),
      cache: 'no-store',
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new EdgeRefusal(503, `The edge at ${this.url} does not answer: ${reasonOf(error)}.`);
    });
    const text = await reply.text();
    if (!reply.ok) throw new EdgeRefusal(reply.status, `The edge answers ${reply.status}: ${detailOf(text)}`);
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `nothing came within ${TIMEOUT_MS / 1_000} s`;
  const code = error instanceof Error && error.cause instanceof Error && Reflect.get(error.cause, 'code');
  return code === 'ECONNREFUSED' ? 'nothing listens on its address' : 'its address cannot be reached';
}

function detailOf(text: string): string {
  try {
    const { detail, title } = problemSchema.parse(JSON.parse(text));
    return detail ?? title ?? 'without a reason';
  } catch {
    return 'without a reason';
  }
}
