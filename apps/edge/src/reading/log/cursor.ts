/**
 * The cursor of the global log: opaque to clients, understood by every edge, and small however many
 * shardlets there are. It holds the stream, the place after which to go on, and the hosts that the reader
 * chose to go on without, each with the place from which its records are still owed.
 *
 * Written as base64url of: format byte, numbers as LEB128, two bytes of checksum. The checksum is there to
 * tell a mangled cursor from a good one, not to prove who made it: a forged cursor only reads elsewhere.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import type { LogPosition } from './log-position.ts';

const FORMAT = 1;
const CHECKSUM_BYTES = 2;
/** more hosts than any reader would name, so that a forged cursor cannot ask for much */
const SKIPPED_HOSTS_MAX = 256;
/** 10 numbers of at most 8 bytes, and the skipped hosts with 5 each, in base64 */
const CURSOR_CHARS_MAX = 16_384;

/** A host the reader goes on without. What it holds after `from` is still owed to the reader. */
export interface SkippedHost {
  readonly host: number;
  readonly from: LogPosition;
  /** the map's version when skipping began: a shardlet with a later epoch may have been there meanwhile */
  readonly version: number;
}

export interface LogCursor {
  readonly stream: number;
  readonly after: LogPosition;
  readonly skipped: readonly SkippedHost[];
}

export function encodeCursor(cursor: LogCursor): string {
  const bytes: number[] = [FORMAT];
  const put = (...numbers: number[]): void => {
    for (const n of numbers) putNumber(bytes, n);
  };
  put(cursor.stream);
  putPlace(bytes, cursor.after);
  put(cursor.skipped.length);
  for (const { host, from, version } of cursor.skipped) {
    put(host, version);
    putPlace(bytes, from);
  }
  const sum = checksum(bytes);
  bytes.push(sum >>> 8, sum & 0xff);
  return Buffer.from(bytes).toString('base64url');
}

/** @throws ForeshardError invalid_cursor */
export function decodeCursor(text: string): LogCursor {
  const bytes = text.length <= CURSOR_CHARS_MAX ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  // Node ignores what is not base64url: a cursor that does not come back the same was mangled.
  if (bytes.length <= CHECKSUM_BYTES || bytes.toString('base64url') !== text) throw invalid();
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (checksum(body) !== bytes.readUInt16BE(body.length)) throw invalid();
  const reader = new NumberReader(body);
  if (reader.next() !== FORMAT) throw invalid();
  const stream = reader.next();
  const after = readPlace(reader);
  const count = reader.next();
  if (count > SKIPPED_HOSTS_MAX) throw invalid();
  const skipped = Array.from({ length: count }, () => {
    const [host, version] = [reader.next(), reader.next()];
    return { host, version, from: readPlace(reader) };
  });
  if (!reader.atEnd) throw invalid();
  return { stream, after, skipped };
}

function invalid(): ForeshardError {
  return new ForeshardError('invalid_cursor', 'the cursor was not made by this service, or it was changed');
}

/** The end of a timestamp has no shardlet: it is written as shardlet 0 with seq 1, which no record has. */
function putPlace(bytes: number[], place: LogPosition): void {
  const isEnd = place.shardlet === Number.MAX_SAFE_INTEGER;
  putNumber(bytes, place.ts);
  putNumber(bytes, isEnd ? 0 : place.shardlet);
  putNumber(bytes, isEnd ? 1 : place.seq);
}

function readPlace(reader: NumberReader): LogPosition {
  const [ts, shardlet, seq] = [reader.next(), reader.next(), reader.next()];
  const isEnd = shardlet === 0 && seq === 1;
  return isEnd ? { ts, shardlet: Number.MAX_SAFE_INTEGER, seq: 0 } : { ts, shardlet, seq };
}

function putNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
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

class NumberReader {
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  next(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw invalid();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (!Number.isSafeInteger(value)) throw invalid();
      if (byte < 0x80) return value;
    }
  }
}
