/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): what names a request, and what tells it
 * from another one that was sent with the same name.
 */
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '@foreshard/core/access';
import { ForeshardError } from '@foreshard/core/kernel';
import { ParseError, parseItem } from 'structured-headers';

export const IDEMPOTENCY_HEADER = 'idempotency-key';
const KEY_LENGTH_MAX = 255;

/**
 * The draft wants a String of structured fields (RFC 9651), which has quotes. People type keys without: a
 * Token is taken as the same text, also one that begins with a digit, as most UUIDs do.
 */
const BARE_KEY = /^[A-Za-z\d*][\w!#$%&'*+.^`|~:/-]*$/;

/** @throws ForeshardError invalid_parameter */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const key = BARE_KEY.test(text) ? text : stringOf(text);
  if (key !== undefined && key.length > 0 && key.length <= KEY_LENGTH_MAX) return key;
  throw new ForeshardError(
    'invalid_parameter',
    `The header Idempotency-Key holds one text of 1 to ${KEY_LENGTH_MAX} characters in double quotes, such as Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324".`,
    { pointer: `${IDEMPOTENCY_HEADER}:` },
  );
}

function stringOf(header: string): string | undefined {
  try {
    const [value] = parseItem(header);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

/** The key of one caller on one path, of a fixed length. A person has a new header each half minute, and one id. */
export function scopeOf({ kind, id }: Principal, path: string, key: string): string {
  return hash('sha256', JSON.stringify([kind, id, path, key]), 'base64');
}

/** Tells two requests apart: the body, and the headers that say what it means. */
export function fingerprintOf(headers: IncomingHttpHeaders, body: Buffer): string {
  const meaning = Object.entries(headers)
    .filter(([name]) => name === 'content-type' || name === 'foreshard-token' || name.startsWith('ce-'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify([meaning, hash('sha256', body, 'base64')]), 'base64');
}
