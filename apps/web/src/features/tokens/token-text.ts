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

/** Lifetimes that a form offers, in seconds; "never" is an exception that somebody must choose. */
export const LIFETIMES = [
  ['30 days', 30],
  ['90 days', 90],
  ['1 year', 365],
  ['never', null],
] as const;
export const LIFETIME_DAYS = 90;
export const SECONDS_PER_DAY = DAY_MS / 1_000;
