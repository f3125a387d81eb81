/**
 * The cursor of the global log, small however many shardlets there are: the stream, the place after which to
 * go on, and the hosts that the reader chose to go on without, each with the place from which its records
 * are still owed.
 */
import { invalidCursor, readCursor, writeCursor } from '../cursor-text.ts';
import type { LogPosition } from './log-position.ts';

const FORMAT = 1;
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
  readonly skipped: readonly SkippedHost[];
}

export function encodeCursor({ stream, after, skipped }: LogCursor): string {
  const owed = skipped.flatMap(({ host, version, from }) => [host, version, ...numbersOfPlace(from)]);
  return writeCursor(FORMAT, [stream, ...numbersOfPlace(after), ...owed]);
}

/** @throws ForeshardError invalid_cursor */
export function decodeCursor(text: string): LogCursor {
  const [stream, ...rest] = readCursor(FORMAT, text);
  const after = rest.splice(0, NUMBERS_PER_PLACE);
  const perHost = NUMBERS_PER_PLACE + 2;
  if (stream === undefined || rest.length % perHost !== 0 || rest.length > SKIPPED_HOSTS_MAX * perHost)
    throw invalidCursor();
  const skipped: SkippedHost[] = [];
  for (let at = 0; at < rest.length; at += perHost) {
    const [host, version, ...from] = rest.slice(at, at + perHost);
    skipped.push({ host: host!, version: version!, from: placeOfNumbers(from) });
  }
  return { stream, after: placeOfNumbers(after), skipped };
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
