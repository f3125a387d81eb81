/**
 * Sends one signed message. Redirects are not followed: they would lead past the check of the address. Whatever goes
 * wrong is an attempt with its reason, for the log.
 */
import { type ClientRequest, type IncomingMessage, request as plain } from 'node:http';
import { request as encrypted } from 'node:https';
import type { Attempt, SendTarget, WebhookSender } from '../../notifying/index.ts';
import { type AddressGuard, AddressRefused } from './address-guard.ts';
import { sign } from './signing.ts';

/** A receiver answers at once and works afterwards; Standard Webhooks advises 15 to 30 s. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Of an answer, enough to see what it complains about. */
const RESPONSE_KEPT = 1_000;

export class GuardedWebhookSender implements WebhookSender {
  private readonly guard: AddressGuard;
  private readonly nowMs: () => number;

  constructor(guard: AddressGuard, nowMs: () => number) {
    this.guard = guard;
    this.nowMs = nowMs;
  }

  async send(message: { readonly id: string; readonly body: string }, target: SendTarget): Promise<Attempt> {
    const atMs = this.nowMs();
    const outcome = await this.exchange(message, target, atMs).catch((error: Error) => ({
      status: null,
      response: reasonOf(error),
      mayPass: !(error instanceof AddressRefused),
    }));
    return { atMs, durationMs: this.nowMs() - atMs, mayPass: true, ...outcome };
  }

  async objection(url: string): Promise<string | undefined> {
    const { hostname } = new URL(url);
    const literal = this.guard.objectionToHost(hostname);
    if (literal !== undefined) return literal;
    return new Promise((resolve) => {
      this.guard.lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }, (error) =>
        // a name that is not known now may be known later
        resolve(error instanceof AddressRefused ? error.message : undefined),
      );
    });
  }

  private exchange(
    { id, body }: { readonly id: string; readonly body: string },
    { url, secret }: SendTarget,
    atMs: number,
  ): Promise<{ status: number; response: string }> {
    const address = new URL(url);
    const objection = this.guard.objectionToHost(address.hostname);
    if (objection !== undefined) return Promise.reject(new AddressRefused(objection));
    const options = {
      method: 'POST',
      // a kept connection would be one that was checked for an earlier answer of the name
      agent: false as const,
      lookup: this.guard.lookup,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'foreshard',
        ...sign(secret, id, atMs, body),
      },
    };
    return new Promise((resolve, reject) => {
      const take = (response: IncomingMessage) => readAnswer(response).then(resolve, reject);
      const sending: ClientRequest = (address.protocol === 'https:' ? encrypted : plain)(
        address,
        options,
        take,
      );
      sending.once('error', reject);
      sending.end(body);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<{ status: number; response: string }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= RESPONSE_KEPT) break;
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, RESPONSE_KEPT);
  // what PostgreSQL does not keep in a text
  return { status: response.statusCode ?? 0, response: text.replaceAll('\0', '') };
}

function reasonOf(error: Error & { code?: string }): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return `no answer within ${ANSWER_TIMEOUT_MS / 1_000} s`;
  return error.message || error.code || error.name;
}
