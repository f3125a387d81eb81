/**
 * How a place among the keys is named: by keys that were sampled there, with what they have in common, and where none
 * was sampled by its part of all keys. Positions are hashes, which say nothing to anybody.
 */
import { type HeatCells, rowAt } from './heat-cells.ts';

type Rows = HeatCells['rows'];
/** Rows of a picture: [top, bottom). */
export interface RowSpan {
  readonly top: number;
  readonly bottom: number;
}

const NAMED_MAX = 3;

/** Sampled keys of these rows, the one with most events first. */
export function keysOf(rows: Rows, { top, bottom }: RowSpan): string[] {
  const named = rows.slice(top, bottom).filter(({ keys }) => keys.length > 0);
  named.sort((a, b) => b.keyEvents - a.keyEvents);
  const firsts = named.map(({ keys }) => keys[0]!);
  return [...new Set([...firsts, ...named.flatMap(({ keys }) => keys.slice(1))])];
}

/** "order-17", "order-…: order-17, order-23"; undefined where no key was sampled. */
export function keyWords(keys: readonly string[]): string | undefined {
  if (keys.length === 0) return undefined;
  const list = keys.slice(0, NAMED_MAX).join(', ') + (keys.length > NAMED_MAX ? ', …' : '');
  const prefix = keys.length === 1 ? '' : commonPrefix(keys);
  return prefix === '' ? list : `${prefix}…: ${list}`;
}

/** "eu/order-" of "eu/order-17" and "eu/order-1": whole words only, as "ord" of "order" and "ordinal" is no name. */
export function commonPrefix(keys: readonly string[]): string {
  let prefix = keys[0] ?? '';
  for (const key of keys) while (!key.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix.slice(0, prefix.search(/[^\p{L}\p{N}][\p{L}\p{N}]*$/u) + 1);
}

/** Names of these rows: their keys, else their shards and their part of all keys. */
export function placeWords(rows: Rows, span: RowSpan): string {
  return (
    keyWords(keysOf(rows, span)) ?? [shardWords(rows, span), partWords(rows, span)].filter(Boolean).join(', ')
  );
}

/** The keys of an annotation that is about some of them. */
export function annotatedKeys(
  { range }: { readonly range: { readonly from: string; readonly to: string } | null },
  cells: HeatCells,
): string | undefined {
  if (range === null) return undefined;
  const top = rowAt(cells, range.from);
  const last = rowAt(cells, range.to);
  const isStart = cells.rows[last]!.from === range.to;
  return placeWords(cells.rows, { top, bottom: Math.max(top + 1, isStart ? last : last + 1) });
}

/** "shard 3", "shards 3 to 7"; empty where none is known. */
export function shardWords(rows: Rows, { top, bottom }: RowSpan): string {
  const shards = rows.slice(top, bottom).flatMap(({ shard }) => (shard === null ? [] : [shard]));
  const [first, last] = [shards[0], shards.at(-1)];
  if (first === undefined) return '';
  return first === last ? `shard ${first}` : `shards ${first} to ${last}`;
}

/** "25 % to 26.5 % of all keys" */
export function partWords(rows: Rows, { top, bottom }: RowSpan): string {
  return `${percentOf(rows[top]!.from)} to ${percentOf(rows[bottom - 1]!.to)} of all keys`;
}

const LEADING_DIGITS = 9;
/** of as many leading digits of 17, of which the first is the end of all keys */
const ALL = 16 ** (LEADING_DIGITS - 1);

function percentOf(position: string): string {
  const share = Number.parseInt(position.padStart(17, '0').slice(0, LEADING_DIGITS), 16) / ALL;
  return `${Number((share * 100).toFixed(1))}\u00a0%`;
}
