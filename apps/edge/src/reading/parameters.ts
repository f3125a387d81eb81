/** What a reader may ask for in a query, and the errors that name what is wrong with it. */
import { ForeshardError, MICROS_PER_MS } from '@foreshard/core/kernel';

export const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 1_000;
/** A longer wait would meet the time limits of proxies on the way. */
const WAIT_MS_MAX = 30_000;

type Query = Readonly<Record<string, string>>;

export function limitOf(query: Query): number {
  const limit = wholeNumber('limit', query.limit, 1) ?? LIMIT_DEFAULT;
  if (limit > LIMIT_MAX) throw invalid('limit', query.limit, `a whole number from 1 to ${LIMIT_MAX}`);
  return limit;
}

/** A longer wait than allowed is cut: the client asks again anyway. */
export function waitMsOf(query: Query): number {
  return Math.min(WAIT_MS_MAX, wholeNumber('wait', query.wait, 0) ?? 0);
}

/** The ids of hosts to go on without: `skip=3` or `skip=3,5`. */
export function skippedHostsOf(query: Query): ReadonlySet<number> {
  const names = query.skip === undefined ? [] : query.skip.split(',');
  return new Set(names.map((name) => wholeNumber('skip', name, 1)!));
}

export function fromSeqOf(query: Query): number | undefined {
  return wholeNumber('from', query.from, 1);
}

/** A time as RFC 3339, or as microseconds since 1970. */
export function atMicrosOf(query: Query): number | undefined {
  const { at } = query;
  if (at === undefined) return undefined;
  if (/^\d+$/.test(at)) return wholeNumber('at', at, 0);
  const ms = RFC_3339.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(ms) || ms < 0)
    throw invalid('at', at, 'a time like 2001-01-01T00:00:00Z, or microseconds');
  return ms * MICROS_PER_MS + microsBelowMs(at);
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** JavaScript's dates end at milliseconds. */
function microsBelowMs(at: string): number {
  const fraction = /\.(\d+)/.exec(at)?.[1] ?? '';
  return Number(fraction.slice(3, 6).padEnd(3, '0'));
}

/** @throws ForeshardError for anything else than a whole number of at least `min`, below 2^53 */
export function wholeNumber(name: string, text: string | undefined, min: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min)
    throw invalid(name, text, `a whole number of at least ${min}`);
  return value;
}

function invalid(name: string, text: string | undefined, expected: string): ForeshardError {
  return new ForeshardError('invalid_parameter', `${name}=${JSON.stringify(text)}: ${expected} is expected`, {
    pointer: `?${name}`,
  });
}
