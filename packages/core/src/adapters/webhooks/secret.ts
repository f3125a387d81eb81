/** Secrets of Standard Webhooks: 24 to 64 random bytes in base64 behind `whsec_`. */
import { randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}
