/** Times in trace files: RFC 3339 and its neighbours, or numbers since 1970 whose size tells their unit. */

import { MICROS_PER_MS } from './clock.ts';

/** Seconds since 1970 reach this in the year 5138; milliseconds passed it in 1973. */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;
const DATE = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;
const ZONE = /([Zz]|[+-]\d\d:?\d\d)$/;

/** Milliseconds since 1970; a time without a zone is taken as UTC. Undefined when it is no time. */
export function parseTimestamp(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return ofNumber(Number(trimmed));
  if (!DATE.test(trimmed)) return undefined;
  const hasTime = trimmed.length > 10;
  const iso = trimmed.replace(' ', 'T') + (hasTime && !ZONE.test(trimmed.slice(10)) ? 'Z' : '');
  const ms = Date.parse(iso);
  return Number.isNaN(ms) || !isDay(trimmed.slice(0, 10)) ? undefined : ms;
}

/** `Date.parse` takes 30 February for 2 March. */
function isDay(date: string): boolean {
  const day = Number(date.slice(8));
  return day <= 28 || new Date(`${date}T00:00:00Z`).getUTCDate() === day;
}

function ofNumber(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (value < SECONDS_BELOW) return value * 1_000;
  return value < MILLISECONDS_BELOW ? value : value / 1_000;
}

/** A "+" that nobody escaped arrives as a space. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+ -]\d\d:\d\d)$/;
const UNESCAPED_PLUS = / (?=\d\d:\d\d$)/;

/** Microseconds since 1970, of RFC 3339 or of microseconds in digits. NaN: not a time since 1970. */
export function parseMicros(text: string): number {
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
