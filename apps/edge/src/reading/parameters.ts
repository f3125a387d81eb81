/** What a reader may ask for, and the words that tell what is wrong with it. */
import { ForeshardError, MICROS_PER_MS, parseTimestamp } from '@foreshard/core/kernel';
import { z } from 'zod';
import { wholeNumber } from '../api/parameters.ts';

export const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 1_000;
/** A longer wait would meet the time limits of proxies on the way. */
const WAIT_MS_MAX = 30_000;
/** A "+" that nobody escaped arrives as a space. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+ -]\d\d:\d\d)$/;
const UNESCAPED_PLUS = / (?=\d\d:\d\d$)/;

const limit = wholeNumber(1, LIMIT_MAX)
  .optional()
  .transform((value) => value ?? LIMIT_DEFAULT)
  .describe(`at most so many events: 1 to ${LIMIT_MAX}, ${LIMIT_DEFAULT} when left out`);

/** A longer wait than allowed is cut: the client asks again anyway. */
const wait = wholeNumber(0)
  .optional()
  .transform((ms) => Math.min(WAIT_MS_MAX, ms ?? 0))
  .describe(`milliseconds that an empty page waits for events; more than ${WAIT_MS_MAX} is cut`);

const from = z
  .string()
  .optional()
  .describe('"next" of an earlier page, "oldest" (when left out), "now", or a time (RFC 3339) to begin at');

/** The ids of hosts to go on without: `3` or `3,5`. */
const skip = z
  .string()
  .optional()
  .refine(
    (text) => text === undefined || /^[1-9]\d{0,15}(,[1-9]\d{0,15})*$/.test(text),
    'ids of hosts, such as 3 or 3,5,',
  )
  .transform((text): ReadonlySet<number> => new Set(text?.split(',').map(Number)))
  .describe('ids of hosts to go on without, such as 3 or 3,5');

export const pageQuery = z.object({ from, limit, wait });
export const logQuery = pageQuery.extend({ skip });

export const keyPath = z.object({
  key: z.string().min(1, 'a key').describe('the key, percent-encoded').meta({ example: 'order-1' }),
});
export const shardletPath = z.object({
  id: wholeNumber(1).describe('id of a shardlet').meta({ example: 13 }),
});

export const fromSeq = wholeNumber(1).optional().describe('the seq to begin at; not together with "at"');

/** A time as RFC 3339, or as microseconds since 1970. */
export const atTime = z
  .string()
  .refine((text) => !Number.isNaN(microsOf(text)), 'a time like 2001-01-01T00:00:00Z, or microseconds,')
  .transform(microsOf)
  .optional()
  .describe('the time to begin at: RFC 3339, or microseconds since 1970')
  .meta({ example: '2026-11-21T12:00:00Z' });

/**
 * Microseconds, when a reader begins at a time instead of a cursor (none begins with a year).
 *
 * @throws ForeshardError invalid_cursor
 */
export function timeOfFrom(from: string): number | undefined {
  if (!/^\d{4}-/.test(from)) return undefined;
  const micros = microsOf(from);
  if (!Number.isNaN(micros)) return micros;
  const detail = `from=${JSON.stringify(from)}: a time since 1970 is written like 2026-11-21T15:04:05Z`;
  throw new ForeshardError('invalid_cursor', detail, { pointer: '?from' });
}

/** NaN: not a time since 1970. */
function microsOf(text: string): number {
  if (/^\d{1,16}$/.test(text)) return Number.isSafeInteger(Number(text)) ? Number(text) : Number.NaN;
  const ms = RFC_3339.test(text)
    ? (parseTimestamp(text.replace(UNESCAPED_PLUS, '+')) ?? Number.NaN)
    : Number.NaN;
  return ms < 0 ? Number.NaN : ms * MICROS_PER_MS + microsBelowMs(text);
}

/** JavaScript's dates end at milliseconds. */
function microsBelowMs(at: string): number {
  const fraction = /\.(\d+)/.exec(at)?.[1] ?? '';
  return Number(fraction.slice(3, 6).padEnd(3, '0'));
}
