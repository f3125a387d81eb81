/** How long a token still lives, and what is worth a warning. */
import { formatDuration } from '../../formatting/time.ts';

const DAY_MS = 86_400_000;
/** Time to hand out another one. */
const WARN_MS = 14 * DAY_MS;

export interface Expiry {
  readonly text: string;
  readonly isNear: boolean;
}

/** Of an active token. */
export function expiryOf(expiresAt: string | null, nowMs: number): Expiry {
  if (expiresAt === null) return { text: 'never expires', isNear: false };
  const leftMs = Date.parse(expiresAt) - nowMs;
  if (leftMs <= 0) return { text: 'expired', isNear: true };
  return { text: `expires in ${formatDuration(leftMs)}`, isNear: leftMs < WARN_MS };
}

/** Of a token whose owner comes from an identity provider; undefined: nothing to be done yet. */
export function signInOf(signInBy: string | null, nowMs: number): string | undefined {
  if (signInBy === null) return undefined;
  const leftMs = Date.parse(signInBy) - nowMs;
  if (leftMs <= 0) return 'refused: owner has to sign in';
  return leftMs < WARN_MS ? `owner has to sign in within ${formatDuration(leftMs)}` : undefined;
}

/** Why I cannot replace this one; undefined: I can, or it is not known yet who I am. */
export function whyNotMine(
  { owner }: { readonly owner: string | null },
  me: string | undefined,
): string | undefined {
  if (owner === null || me === undefined || owner === me) return undefined;
  return `Only ${owner} can rotate it, as it acts for them. Revoke it instead.`;
}

/** Lifetimes that a form offers, in seconds; "never" is an exception that somebody must choose. */
export const LIFETIMES = [
  ['30 days', 30],
  ['90 days', 90],
  ['1 year', 365],
  ['never', null],
] as const;
export const LIFETIME_DAYS = 90;
export const SECONDS_PER_DAY = DAY_MS / 1_000;
