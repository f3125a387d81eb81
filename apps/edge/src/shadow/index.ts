/**
 * Puts shadow writes and shadow reads behind the hosts that the rest of the edge uses: nobody else knows
 * about moves. While nothing moves, a call costs one look at an empty table.
 */
import type { AppendGroup, AppendReply, EventHost, ReadOptions } from '@foreshard/core/hosts';
import type { TopologyMap } from '@foreshard/core/topology';
import { ShadowReader } from './shadow-reader.ts';
import { type Moving, ShadowWriter } from './shadow-writer.ts';

export interface ShadowObserver {
  writes(outcome: 'written' | 'skipped', records: number): void;
  reads(outcome: 'equal' | 'different' | 'unanswered'): void;
  differs(move: number, detail: string): void;
}

export interface Connections {
  get(hostId: number): Promise<EventHost>;
}

export function shadowed<C extends Connections>(
  hosts: C,
  map: TopologyMap,
  observer: ShadowObserver,
  { nowMs, random }: { readonly nowMs: () => number; readonly random: () => number },
): C {
  const host = (id: number) => hosts.get(id);
  const writer = new ShadowWriter({ host, nowMs, observe: (outcome, n) => observer.writes(outcome, n) });
  const reader = new ShadowReader({
    host,
    random,
    differs: ({ nextEpoch }, detail) => observer.differs(nextEpoch, detail),
    observe: (outcome) => observer.reads(outcome),
  });
  const moving = followMoves(map, (moves) => writer.retain(moves));
  const watched = new WeakMap<EventHost, EventHost>();
  const watch = (real: EventHost): EventHost => {
    let seen = watched.get(real);
    if (seen === undefined) {
      seen = watchedHost(real, moving, writer, reader);
      watched.set(real, seen);
    }
    return seen;
  };
  const get = async (id: number) => watch(await hosts.get(id));
  return Object.assign(Object.create(hosts) as C, { get });
}

/** What moves now, by shardlet; kept up to date with the map. */
function followMoves(map: TopologyMap, changed: (moves: ReadonlySet<number>) => void) {
  const moving = new Map<number, Moving>();
  const note = (id: number) => {
    const shardlet = map.shardlet(id);
    if (shardlet?.state.kind !== 'moving') return moving.delete(id);
    const { dest, nextEpoch } = shardlet.state;
    moving.set(id, { shardlet: id, epoch: shardlet.epoch, dest, nextEpoch });
    return true;
  };
  for (const { id } of map.shardlets()) note(id);
  map.onChange(({ shardlets }) => {
    const had = moving.size;
    for (const { id } of shardlets) note(id);
    if (had > 0) changed(new Set([...moving.values()].map((m) => m.nextEpoch)));
  });
  return moving as ReadonlyMap<number, Moving>;
}

function watchedHost(
  real: EventHost,
  moving: ReadonlyMap<number, Moving>,
  writer: ShadowWriter,
  reader: ShadowReader,
): EventHost {
  const append = async (groups: readonly AppendGroup[]): Promise<AppendReply[]> => {
    const replies = await real.append(groups);
    if (moving.size > 0)
      for (const [i, group] of groups.entries()) {
        const move = moving.get(group.shardlet);
        const reply = replies[i]!;
        if (move !== undefined && reply.kind === 'appended') writer.offer(move, group, reply);
      }
    return replies;
  };
  const read = async (shardlet: number, from: number, minEpoch: number, options: ReadOptions) => {
    const reply = await real.read(shardlet, from, minEpoch, options);
    const move = moving.size > 0 ? moving.get(shardlet) : undefined;
    if (
      move !== undefined &&
      reply.kind === 'records' &&
      options.keyHash === undefined &&
      reply.epoch === move.epoch
    )
      reader.offer(move, reply);
    return reply;
  };
  return Object.assign(Object.create(real) as EventHost, { append, read });
}
