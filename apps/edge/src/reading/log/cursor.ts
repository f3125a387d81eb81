/**
 * The cursor of the global log, small however many shardlets there are: the stream, the place after which to
 * go on, the version of the map it was read with, and the hosts that the reader chose to go on without, each
 * with the place from which its records are still owed.
 *
 * The version tells which losses the reader does not know yet: those of later epochs. Cursors from before
 * there were versions stay valid with version 0: their reader is notified of every loss there ever was.
 */
import { invalidCursor, readCursor, writeCursor } from '../cursor-text.ts';
import type { LogPosition } from './log-position.ts';

const FORMAT_WITHOUT_VERSION = 1;
const FORMAT = 3;
export const UNKNOWN_VERSION = 0;
const NUMBERS_PER_PLACE = 3;
/** more hosts than any reader would name */
const SKIPPED_HOSTS_MAX = 256;

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
  /** of the map: losses with a later epoch are news to the reader */
  readonly version: number;
  readonly skipped: readonly SkippedHost[];
}

export function encodeCursor({ stream, version, after, skipped }: LogCursor): string {
  const owed = skipped.flatMap(({ host, version, from }) => [host, version, ...numbersOfPlace(from)]);
  return writeCursor(FORMAT, [stream, version, ...numbersOfPlace(after), ...owed]);
}

/** @throws ForeshardError invalid_cursor */
export function decodeCursor(text: string): LogCursor {
  const { format, numbers } = readCursor([FORMAT_WITHOUT_VERSION, FORMAT], text);
  const [stream, ...rest] = numbers;
  const version = format === FORMAT ? rest.shift() : UNKNOWN_VERSION;
  const after = rest.splice(0, NUMBERS_PER_PLACE);
  const perHost = NUMBERS_PER_PLACE + 2;
  if (
    stream === undefined ||
    version === undefined ||
    rest.length % perHost !== 0 ||
    rest.length > SKIPPED_HOSTS_MAX * perHost
  )
    throw invalidCursor();
  const skipped: SkippedHost[] = [];
  for (let at = 0; at < rest.length; at += perHost) {
    const [host, skippedAt, ...from] = rest.slice(at, at + perHost);
    skipped.push({ host: host!, version: skippedAt!, from: placeOfNumbers(from) });
  }
  return { stream, version, after: placeOfNumbers(after), skipped };
}

/** The end of a timestamp has no shardlet: it is written as shardlet 0 with seq 1, which no record has. */
export function numbersOfPlace({ ts, shardlet, seq }: LogPosition): number[] {
  return shardlet === Number.MAX_SAFE_INTEGER ? [ts, 0, 1] : [ts, shardlet, seq];
}

/** @throws ForeshardError invalid_cursor when numbers are missing */
export function placeOfNumbers([ts, shardlet, seq]: readonly number[]): LogPosition {
  if (ts === undefined || shardlet === undefined || seq === undefined) throw invalidCursor();
  const isEnd = shardlet === 0 && seq === 1;
  return isEnd ? { ts, shardlet: Number.MAX_SAFE_INTEGER, seq: 0 } : { ts, shardlet, seq };
}
