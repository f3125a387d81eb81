/** What the browser keeps while its person is at the identity provider. It is worth nothing in another browser. */
import { z } from 'zod';
import { localPath } from './local-path.ts';

const pendingSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string().transform(localPath),
});
export type Pending = z.output<typeof pendingSchema>;

export const PENDING_SECONDS = 600;

export function pendingCookie(sessionCookie: string): string {
  return `${sessionCookie}-pending`;
}

export function sealed(pending: Pending): string {
  return Buffer.from(JSON.stringify(pending)).toString('base64url');
}

export function opened(cookie: string | undefined): Pending | undefined {
  if (cookie === undefined) return undefined;
  try {
    return pendingSchema.safeParse(JSON.parse(Buffer.from(cookie, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
