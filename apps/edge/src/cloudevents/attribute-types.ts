/**
 * The types of CloudEvents attributes that are texts with a form (CloudEvents 1.0.2, 2.4 Type System).
 * Each takes a decoded text and answers yes or no; none throws, none is slower than linear.
 */
/** no control characters, noncharacters or surrogates without their other half */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{NChar}]/u;

export function isCleanText(text: string): boolean {
  return !FORBIDDEN.test(text);
}

const PATH_CHARS = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*";
const MORE_CHARS = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*";
const USER_CHARS = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*";
const NAME_CHARS = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*";
const SCHEME = '[A-Za-z][A-Za-z0-9+.\\-]*:';
const AUTHORITY = `//(?:${USER_CHARS}@)?(?:\\[[0-9A-Fa-f:.]+\\]|\\[v[0-9A-Fa-f]+\\.[^\\]\\s]+\\]|${NAME_CHARS})(?::[0-9]*)?(?=[/?#]|$)`;
const TAIL = `(?:\\?${MORE_CHARS})?(?:#${MORE_CHARS})?`;
/** the first segment of a relative path must not look like a scheme (RFC 3986, 4.2) */
const RELATIVE = `(?![^/?#:]*:)${PATH_CHARS}`;

const URI = new RegExp(`^${SCHEME}(?:${AUTHORITY}${PATH_CHARS}|(?!//)${PATH_CHARS})${TAIL}$`);
const RELATIVE_REFERENCE = new RegExp(`^(?:${AUTHORITY}${PATH_CHARS}|(?!//)${RELATIVE})${TAIL}$`);

/** With a scheme (RFC 3986, 3). A fragment is let pass: schemas are often named with one. */
export function isUri(text: string): boolean {
  return URI.test(text);
}

/** RFC 3986, 4.1 */
export function isUriReference(text: string): boolean {
  return URI.test(text) || RELATIVE_REFERENCE.test(text);
}

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const QUOTED = '"(?:[^"\\\\\\x00-\\x1f\\x7f]|\\\\[\\x20-\\x7e])*"';
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*[ \\t]*$`,
);

/** RFC 2046, with parameters. */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MINUTES_PER_DAY = 1_440;

/** RFC 3339, 5.6; a leap second only where one may be: in the last minute of a day in UTC. */
export function isTimestamp(text: string): boolean {
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const [, year, month, day, hour, minute, second] = match.map(Number) as number[];
  if (month! < 1 || month! > 12 || day! < 1 || day! > daysOf(year!, month!)) return false;
  const [offsetHour, offsetMinute] = match[8] === undefined ? [0, 0] : [Number(match[8]), Number(match[9])];
  if (hour! > 23 || minute! > 59 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second! < 60) return true;
  const offset = (match[7] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  const utcMinute = (hour! * 60 + minute! - offset + 2 * MINUTES_PER_DAY) % MINUTES_PER_DAY;
  return second === 60 && utcMinute === MINUTES_PER_DAY - 1;
}

function daysOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : DAYS[month - 1]!;
}

const BASE64_CHARS = /^[A-Za-z0-9+/]*={0,2}$/;
/** the last character before the padding, whose unused bits have to be zero */
const LAST_OF_TWO = 'AQgw';
const LAST_OF_THREE = 'AEIMQUYcgkosw048';

/** RFC 4648, 4: padded, without line breaks, and one text only for the same bytes. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0 || !BASE64_CHARS.test(text)) return false;
  if (text.endsWith('==')) return LAST_OF_TWO.includes(text.at(-3)!);
  if (text.endsWith('=')) return LAST_OF_THREE.includes(text.at(-2)!);
  return true;
}
