/**
 * What a follower missed, as changes: those that make one topology into another one. Used where the change log does
 * not say it. A shardlet that the other one does not have is told as gone, with nothing in its place.
 */
import { sameRange } from '../keyspace/index.ts';
import type { Change, Garbage, Shardlet, Topology } from './model.ts';

export interface Difference {
  readonly change: Change;
  /** the shardlets that are told as gone and known no longer */
  readonly forgotten: ReadonlySet<number>;
}

/** Two where the topologies are of different stores: all of the one goes before all of the other comes. */
export function differences(from: Topology, to: Topology): Difference[] {
  if (isOfSameStore(from, to)) return [difference(from, to)];
  const nothing: Topology = { version: to.version, streams: [], hosts: [], shardlets: [], garbage: [] };
  return [difference(from, nothing), difference(nothing, to)];
}

/** As far as it matters: the id of a shardlet is never used again, and its stream and range never change. */
function isOfSameStore(from: Topology, to: Topology): boolean {
  const known = new Map(from.shardlets.map((s) => [s.id, s]));
  return to.shardlets.every(({ id, stream, range }) => {
    const before = known.get(id);
    return before === undefined || (before.stream === stream && sameRange(before.range, range));
  });
}

function difference(from: Topology, to: Topology): Difference {
  const streamsRemoved = missing(from.streams, to.streams).map(({ id }) => id);
  const withoutStream = new Set(streamsRemoved);
  const forgotten = missing(from.shardlets, to.shardlets).filter((s) => !withoutStream.has(s.stream));
  return {
    change: {
      ...{ version: to.version, at: 0, decision: 'reload', actor: 'follower' },
      streams: changed(from.streams, to.streams),
      streamsRemoved,
      hosts: changed(from.hosts, to.hosts),
      hostsRemoved: missing(from.hosts, to.hosts).map(({ id }) => id),
      shardlets: [...forgotten.map(asGone), ...changed(from.shardlets, to.shardlets)],
      garbage: garbageOnlyIn(to, from),
      garbageRemoved: garbageOnlyIn(from, to),
    },
    forgotten: new Set(forgotten.map(({ id }) => id)),
  };
}

interface Row {
  readonly id: number;
}

function missing<T extends Row>(from: readonly T[], to: readonly T[]): T[] {
  const kept = new Set(to.map(({ id }) => id));
  return from.filter(({ id }) => !kept.has(id));
}

/** Equal rows that are written in another order count as changed, which only costs time. */
function changed<T extends Row>(from: readonly T[], to: readonly T[]): T[] {
  const known = new Map(from.map((row) => [row.id, row]));
  return to.filter((row) => {
    const before = known.get(row.id);
    return before === undefined || JSON.stringify(before) !== JSON.stringify(row);
  });
}

function asGone(shardlet: Shardlet): Shardlet {
  return { ...shardlet, state: { kind: 'gone', successors: [], finalSeq: 0, finalTs: 0 } };
}

function garbageOnlyIn(here: Topology, there: Topology): Garbage[] {
  const known = new Set(there.garbage.map(garbageKey));
  return here.garbage.filter((garbage) => !known.has(garbageKey(garbage)));
}

function garbageKey({ host, shardlet, epoch }: Garbage): string {
  return `${host}/${shardlet}/${epoch}`;
}
