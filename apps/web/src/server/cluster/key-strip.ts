/**
 * Where in the key space the load lies: the positions of one stream cut into equal cells, each with the
 * events per second that fall into it. A shardlet wider than a cell is spread evenly over its cells,
 * because nothing finer is known about it; a cell with several shardlets shows their sum.
 */
import type { TopologyMap } from '@foreshard/core/topology';
import type { Load } from '../load/load-window.ts';

/** Divides the usual shard counts, and is legible at the width of a phone. */
export const STRIP_CELLS = 64;

export interface KeyStrip {
  readonly stream: string;
  /** events per second in each cell, first key first */
  readonly cells: readonly number[];
}

/** Of the stream with the most load; undefined when there is none. */
export function keyStrip(map: TopologyMap, rates: ReadonlyMap<number, Load>): KeyStrip | undefined {
  const stream = busiestStream(map, rates);
  if (stream === undefined) return undefined;
  const cells = new Array<number>(STRIP_CELLS).fill(0);
  for (const [id, rate] of rates) {
    const shardlet = map.shardlet(id);
    if (shardlet === undefined || shardlet.stream !== stream) continue;
    const from = (shardlet.range.from.hi / 2 ** 32) * STRIP_CELLS;
    const to = (shardlet.range.to.hi / 2 ** 32) * STRIP_CELLS;
    spread(cells, from, to, rate.events);
  }
  return { stream: map.stream(stream)!.name, cells };
}

function spread(cells: number[], from: number, to: number, events: number): void {
  const first = Math.min(STRIP_CELLS - 1, Math.floor(from));
  // narrower than one key hash: all of it lies in one cell
  if (to - from <= 0) cells[first]! += events;
  else
    for (let cell = first; cell < Math.min(STRIP_CELLS, to); cell++) {
      const covered = Math.min(to, cell + 1) - Math.max(from, cell);
      cells[cell]! += (events * covered) / (to - from);
    }
}

function busiestStream(map: TopologyMap, rates: ReadonlyMap<number, Load>): number | undefined {
  const byStream = new Map<number, number>();
  for (const [id, rate] of rates) {
    const stream = map.shardlet(id)?.stream;
    if (stream !== undefined) byStream.set(stream, (byStream.get(stream) ?? 0) + rate.events);
  }
  return [...byStream].sort(([a, x], [b, y]) => y - x || a - b)[0]?.[0];
}
