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

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MINUTES_PER_DAY = 1_440;
const SECONDS_END = 19;
const OFFSET_LENGTH = 6;

/**
 * RFC 3339, 5.6; a leap second only where one may be: in the last minute of a day in UTC. By its characters
 * one by one, because a pattern with groups would cost more than all else of an event.
 */
export function isTimestamp(text: string): boolean {
  const isDate = text[4] === '-' && text[7] === '-' && (text[10] === 'T' || text[10] === 't');
  if (!isDate || text[13] !== ':' || text[16] !== ':') return false;
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const offset = offsetMinutes(text, endOfFraction(text));
  // a comparison with NaN, which stands for what is no digit, is false
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return false;
  const minuteOfDay = twoDigits(text, 11) * 60 + twoDigits(text, 14);
  if (!(twoDigits(text, 14) <= 59 && minuteOfDay < MINUTES_PER_DAY && !Number.isNaN(offset))) return false;
  const second = twoDigits(text, 17);
  if (second !== 60) return second <= 59;
  return (minuteOfDay - offset + 2 * MINUTES_PER_DAY) % MINUTES_PER_DAY === MINUTES_PER_DAY - 1;
}

/** NaN where there are none */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** A point without digits is left standing, and is no offset then. */
function endOfFraction(text: string): number {
  if (text[SECONDS_END] !== '.') return SECONDS_END;
  let at = SECONDS_END + 1;
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
  return at > SECONDS_END + 1 ? at : SECONDS_END;
}

/** NaN where the text does not end with an offset at `at` */
function offsetMinutes(text: string, at: number): number {
  const sign = text[at];
  if (sign === 'Z' || sign === 'z') return text.length === at + 1 ? 0 : Number.NaN;
  if ((sign !== '+' && sign !== '-') || text[at + 3] !== ':' || text.length !== at + OFFSET_LENGTH)
    return Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
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
