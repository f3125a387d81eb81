/** Signatures of pushed events by Standard Webhooks (standardwebhooks.com): receivers check them in any language. */
import { Webhook } from 'standardwebhooks';

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** `id` stays the same when the message is sent again; the time is that of this sending. */
export function sign(secret: string, id: string, nowMs: number, body: string): SignedHeaders {
  const at = new Date(nowMs);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}
