/**
 * Sends one signed message. Redirects are not followed: they would lead past the check of the address. Whatever goes
 * wrong is an attempt with its reason, for the log.
 */
import type { Attempt, SendTarget, WebhookSender } from '../../notifying/index.ts';
import { request } from '../outgoing-http/index.ts';
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
      response: error.message || error.name,
      mayPass: !(error instanceof AddressRefused || error.cause instanceof AddressRefused),
    }));
    return { atMs, durationMs: this.nowMs() - atMs, mayPass: true, ...outcome };
  }

  objection(url: string): Promise<string | undefined> {
    return this.guard.objectionToAny(new URL(url).hostname);
  }

  private async exchange(
    { id, body }: { readonly id: string; readonly body: string },
    { url, secret }: SendTarget,
    atMs: number,
  ): Promise<{ status: number; response: string }> {
    const objection = this.guard.objectionToHost(new URL(url).hostname);
    if (objection !== undefined) throw new AddressRefused(objection);
    const { status, text } = await request(url, {
      method: 'POST',
      body,
      lookup: this.guard.lookup,
      timeoutMs: ANSWER_TIMEOUT_MS,
      bytesMax: RESPONSE_KEPT,
      whenLarger: 'cut',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'foreshard',
        ...sign(secret, id, atMs, body),
      },
    });
    // what PostgreSQL does not keep in a text
    return { status, response: text.replaceAll('\0', '') };
  }
}
