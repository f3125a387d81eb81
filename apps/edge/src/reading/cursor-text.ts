/**
 * The text of a cursor: a few numbers, opaque to clients, understood by every edge. Written as base64url of
 * a format byte, the numbers as LEB128, and two bytes of checksum. The checksum tells a mangled cursor from a
 * good one, not who made it: a forged cursor only reads elsewhere.
 */
import { ForeshardError } from '@foreshard/core/kernel';

const CHECKSUM_BYTES = 2;
/** a forged cursor cannot ask for much work */
const CURSOR_CHARS_MAX = 16_384;

/** REQUIRES whole numbers from 0 to 2^53 - 1. */
export function writeCursor(format: number, numbers: readonly number[]): string {
  const bytes: number[] = [format];
  for (const n of numbers) putNumber(bytes, n);
  const sum = checksum(bytes);
  bytes.push(sum >>> 8, sum & 0xff);
  return Buffer.from(bytes).toString('base64url');
}

export interface ReadCursor {
  readonly format: number;
  readonly numbers: number[];
}

/** @throws ForeshardError invalid_cursor, also for another format than these */
export function readCursor(formats: readonly number[], text: string): ReadCursor {
  const bytes = text.length <= CURSOR_CHARS_MAX ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  // Node ignores what is not base64url: a cursor that does not come back the same was mangled.
  if (bytes.length <= CHECKSUM_BYTES || bytes.toString('base64url') !== text) throw invalidCursor();
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const format = body[0];
  if (checksum(body) !== bytes.readUInt16BE(body.length)) throw invalidCursor();
  if (format === undefined || !formats.includes(format)) throw invalidCursor();
  return { format, numbers: numbersOf(body.subarray(1)) };
}

export function invalidCursor(): ForeshardError {
  const detail = 'the cursor was not made by this service, or it was changed';
  return new ForeshardError('invalid_cursor', detail, { pointer: '?from' });
}

function putNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function numbersOf(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    if (!Number.isSafeInteger(value)) throw invalidCursor();
    scale *= 0x80;
    if (byte >= 0x80) continue;
    numbers.push(value);
    [value, scale] = [0, 1];
  }
  if (scale !== 1) throw invalidCursor();
  return numbers;
}

/** CRC-16 (CCITT): finds every burst of up to 16 bits, so every changed character. */
function checksum(bytes: ArrayLike<number>): number {
  let crc = 0xffff;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]! << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc;
}
