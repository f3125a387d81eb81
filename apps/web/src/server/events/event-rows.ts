/** What of an event a page shows: its place, its attributes, and the beginning of its text. */
import { formatPosition, hashKey } from '@foreshard/core/keyspace';
import { keyOf, type PlacedEvent, storedAtMs } from './placed-event.ts';

/** Fits a screen; more is downloaded. */
export const TEXT_CHARS_MAX = 4_000;

export interface EventRow {
  readonly stream: string;
  readonly shard: number;
  readonly shardlet: number;
  readonly seq: number;
  readonly atMs: number;
  /** microseconds: exact below 2^53 */
  readonly ts: number;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key: string;
  readonly position: string;
  /** JSON with every digit, cut at TEXT_CHARS_MAX */
  readonly text: string;
  readonly chars: number;
}

export function eventRow(placed: PlacedEvent): EventRow {
  const { stream, shard, shardlet, seq, ts, event } = placed;
  const text = JSON.stringify(event);
  const key = keyOf(placed);
  return {
    stream,
    shard,
    shardlet,
    seq,
    ts,
    atMs: storedAtMs(placed),
    id: event.id,
    type: event.type,
    source: event.source,
    key,
    position: formatPosition({ hi: hashKey(key), lo: 0 }),
    text: text.slice(0, TEXT_CHARS_MAX),
    chars: text.length,
  };
}
