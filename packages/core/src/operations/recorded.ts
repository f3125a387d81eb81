/**
 * What the audit log keeps of an input or a result: never a secret, and never much. A contract names its secrets;
 * what looks like one is left out as well, since a contract may have been forgotten.
 */
import { shownAddress } from '../kernel/index.ts';

/** Stands where a secret was. */
export const HIDDEN = '(hidden)';

/** Of one text; a CSV of load has megabytes. */
const TEXT_CHARS_MAX = 1_000;
const ITEMS_MAX = 100;
/** Documents may be nested deeper than calls. */
const DEPTH_MAX = 12;
/** Of a whole document, in characters of JSON. */
const DOCUMENT_CHARS_MAX = 32_000;
const SHOWN_CHARS = 2_000;

const SECRET_NAME = /passw(or)?d|secret|credential|authorization/i;
/** tokens and keys of ours, and of webhooks */
const SECRET_TEXT = /\b(fsh_|whsec_)[\w+/=-]{8,}/g;
/** bounded, so that no text takes long */
const LOGIN_IN_ADDRESS = /([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,100}):[^\s/@]{1,300}@/gi;
/** a name alone may be a token as well */
const LOGIN_IN_WEB_ADDRESS = /(https?:\/\/)[^\s/@]{1,300}@/gi;
/** in the query of an address: `?token=...` */
const SECRET_IN_QUERY =
  /([?&][\w.-]{0,30}(?:passw|secret|token|key|auth|sig)[\w.-]{0,30}=)[^&#\s"']{1,300}/gi;

/** What a contract names: members by their path, `target.url`, or `hosts.*.password` in each of a list. */
interface Named {
  readonly secrets?: readonly string[] | undefined;
  /** web addresses, of which people see where they lead */
  readonly addresses?: readonly string[] | undefined;
}

export function recorded(document: unknown, { secrets = [], addresses = [] }: Named = {}): unknown {
  const paths = secrets.map((path) => path.split('.'));
  const kept = keptOf(addresses.reduce(withShownAddress, document), paths, 0);
  const text = JSON.stringify(kept) ?? '';
  if (text.length <= DOCUMENT_CHARS_MAX) return kept;
  return { cut: `${text.length} characters`, start: text.slice(0, SHOWN_CHARS).toWellFormed() };
}

/** A text without passwords of addresses and without tokens. */
export function recordedText(text: string): string {
  const hidden = text
    .replace(LOGIN_IN_ADDRESS, `$1:${HIDDEN}@`)
    .replace(LOGIN_IN_WEB_ADDRESS, `$1${HIDDEN}@`)
    .replace(SECRET_IN_QUERY, `$1${HIDDEN}`)
    .replace(SECRET_TEXT, HIDDEN);
  // PostgreSQL keeps neither in a document
  return hidden.replaceAll('\0', '\u2400').toWellFormed();
}

function withShownAddress(document: unknown, path: string): unknown {
  const [member = '', ...rest] = path.split('.');
  const inner = (document as Readonly<Record<string, unknown>> | null | undefined)?.[member];
  if (inner === undefined || inner === null) return document;
  const shown = rest.length > 0 ? withShownAddress(inner, rest.join('.')) : shownAddress(String(inner));
  return { ...(document as object), [member]: shown };
}

function keptOf(value: unknown, secrets: readonly (readonly string[])[], depth: number): unknown {
  if (typeof value === 'string') return shortened(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (depth >= DEPTH_MAX) return '(deeper)';
  if (Array.isArray(value)) return keptList(value, secrets, depth);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const left = members.length - ITEMS_MAX;
  const kept = members
    .slice(0, ITEMS_MAX)
    .map(([name, member]) => [recordedText(name), keptMember(name, member, secrets, depth)]);
  return Object.fromEntries(left > 0 ? [...kept, ['...', `${left} more`]] : kept);
}

function keptList(value: readonly unknown[], secrets: readonly (readonly string[])[], depth: number) {
  const left = value.length - ITEMS_MAX;
  const kept = value.slice(0, ITEMS_MAX).map((one) => keptMember('*', one, secrets, depth));
  return left > 0 ? [...kept, `${left} more`] : kept;
}

function keptMember(
  name: string,
  member: unknown,
  secrets: readonly (readonly string[])[],
  depth: number,
): unknown {
  const inner = secrets.filter(([first]) => first === name).map(([, ...rest]) => rest);
  const isSecret = inner.some((path) => path.length === 0) || SECRET_NAME.test(name);
  if (isSecret && member !== null) return HIDDEN;
  return keptOf(member, inner, depth + 1);
}

function shortened(text: string): string {
  if (text.length <= TEXT_CHARS_MAX) return recordedText(text);
  // a secret that is cut would not be known as one: it is looked for in more than is kept
  const start = recordedText(text.slice(0, 2 * TEXT_CHARS_MAX)).slice(0, TEXT_CHARS_MAX);
  return `${start.toWellFormed()}... (${text.length} characters)`;
}
