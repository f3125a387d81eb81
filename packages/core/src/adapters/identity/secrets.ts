/**
 * Secrets that a program hands out: the value of a cookie, what stands in a link. They are 256 random bits, so a plain
 * SHA-256 of one is as good as a slow password hash. The secret itself is kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** In hex, as the stores of sessions and links take it. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
