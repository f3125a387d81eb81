/** How old a list of tokens may be by which callers are judged: the setting TOKEN_STALE_MAX of edges and workers. */
import { z } from 'zod';

const MS_OF = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^([1-9]\d{0,5})([smhd])$/;
/** A day: a weekend's failure of PostgreSQL is noticed within it, and a stolen token that was revoked is not let in for ever. */
const DEFAULT = '24h';

/** `error`: what is said of a text that is no time, in the words of the process. */
export function listAgeMsSchema(error: string) {
  return z
    .string()
    .regex(DURATION, error)
    .default(DEFAULT)
    .transform((text) => {
      const [, count, unit] = DURATION.exec(text)!;
      return Number(count) * MS_OF[unit as keyof typeof MS_OF];
    });
}
