/**
 * The change of the key of the chain: a row that both keys sign. Its seal is the last one under the key before; its
 * content is signed by the key after. Keys are in a file, newest first, as seals of before are verified with the earlier
 * ones. A row that names a key which is not in the file, or which that key did not sign, is a forgery.
 */
import type { ChainRow, Hmac } from './chain-row.ts';

export const ROTATION_OPERATION = 'audit.rotateKey';

export interface Rotation {
  /** ids of keys */
  readonly from: string;
  readonly to: string;
  /** by the key after */
  readonly signature: string;
}

const VERSION = 'foreshard-audit-1';
const ID_CHARS = 16;
/** of the columns of a row: see the store */
const OPERATION_COLUMN = 9;
const AFTER_COLUMN = 18;

const encoder = new TextEncoder();

/** Tells keys apart, and nothing of the key. */
export function keyId(key: Hmac): string {
  return key(encoder.encode(JSON.stringify([VERSION, 'key id']))).slice(0, ID_CHARS);
}

export function rotationOf(from: Hmac, to: Hmac): Rotation {
  const ids = { from: keyId(from), to: keyId(to) };
  return { ...ids, signature: signatureOf(to, ids) };
}

export function isRotation({ columns }: ChainRow): boolean {
  return columns[OPERATION_COLUMN] === ROTATION_OPERATION;
}

/** The key that holds behind this row; undefined: the row is no honest change of `current`. */
export function successor(row: ChainRow, current: Hmac, keys: readonly Hmac[]): Hmac | undefined {
  const { from, to, signature } = contentOf(row);
  const next = keys.find((key) => keyId(key) === to);
  if (next === undefined || from === undefined || from !== keyId(current)) return undefined;
  return signature === signatureOf(next, { from, to: keyId(next) }) ? next : undefined;
}

function signatureOf(key: Hmac, { from, to }: Pick<Rotation, 'from' | 'to'>): string {
  return key(encoder.encode(JSON.stringify([VERSION, 'rotation', from, to])));
}

function contentOf({ columns }: ChainRow): Partial<Rotation> {
  try {
    const content: unknown = JSON.parse(columns[AFTER_COLUMN] ?? '');
    return typeof content === 'object' && content !== null ? content : {};
  } catch {
    return {};
  }
}
