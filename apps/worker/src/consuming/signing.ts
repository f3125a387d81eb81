/**
 * Signatures of pushed events by Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and
 * body. Receivers check them with any of its libraries, in any language.
 */
import { createHmac } from 'node:crypto';

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

const SECRET_MARK = 'whsec_';

/** `id` stays the same when the message is sent again; the time is that of this sending. */
export function sign(secret: string, id: string, nowMs: number, body: string): SignedHeaders {
  const key = Buffer.from(secret.slice(SECRET_MARK.length), 'base64');
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
