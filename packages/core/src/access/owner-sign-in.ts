/**
 * Roles of who signs in at an identity provider are those of the last sign-in, and so is what the tokens of that person may
 * do. Who has left there does not come back, so such tokens hold for a time behind the last sign-in: the setting
 * TOKEN_SIGN_IN_DAYS of edges, workers and consoles. Tokens for good belong to a local account, or to nobody.
 */
import { z } from 'zod';

const MS_PER_DAY = 86_400_000;
const DAYS_MAX = 3_650;
/** Longer than a holiday. */
const DAYS_DEFAULT = 30;
export const OWNER_SIGN_IN_MS = DAYS_DEFAULT * MS_PER_DAY;

/** In milliseconds. `error`: what is said of another text, in the words of the process. 0: for ever. */
export function ownerSignInMsSchema(error: string) {
  return z.coerce
    .number({ error })
    .min(0, error)
    .max(DAYS_MAX, error)
    .default(DAYS_DEFAULT)
    .transform((days) => (days === 0 ? Number.POSITIVE_INFINITY : days * MS_PER_DAY));
}

interface Owner {
  /** undefined: a local account */
  readonly oidcIssuer: string | null;
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
}

/** When the tokens of this person end unless that person signs in again; undefined: they do not. */
export function signInByMs(owner: Owner | null, limitMs: number): number | undefined {
  if (owner === null || owner.oidcIssuer === null || limitMs === Number.POSITIVE_INFINITY) return undefined;
  return (owner.lastSignInAt ?? owner.createdAt).getTime() + limitMs;
}
