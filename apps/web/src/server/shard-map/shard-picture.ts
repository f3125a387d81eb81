/**
 * The shardlets that take events, host by host, as columns of numbers: a hundred thousand of them are 1.6 MB as
 * packed columns and would be 20 MB as objects.
 */
import type { Move } from '@foreshard/core/moves';
import { isLeaf, type Shardlet, type TopologyMap } from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import type { HostCondition } from '../cluster/host-views.ts';
import type { Load } from '../load/load-window.ts';
import type { StoredBytes } from './stored-bytes.ts';

export interface ShardPictureHost {
  readonly id: number;
  readonly name: string;
  readonly condition: HostCondition;
  /** of its shardlets */
  readonly count: number;
}

export interface ShardPicture {
  readonly mapVersion: number;
  readonly hosts: readonly ShardPictureHost[];
  readonly streams: readonly string[];
  readonly total: number;
  /** base64 of little-endian columns; shardlets lie host by host, in the order of `hosts` */
  readonly ids: string;
  readonly streamIndex: string;
  readonly events: string;
  readonly bytesIn: string;
  /** of the last day; NaN: not known */
  readonly stored: string;
  /** index into STATES */
  readonly states: string;
  readonly sizesKnown: boolean;
}

export function pictureOf(
  map: TopologyMap,
  streamName: string | null,
  rates: ReadonlyMap<number, Load>,
  stored: StoredBytes,
  conditions: ReadonlyMap<number, HostCondition>,
): ShardPicture {
  const stream = streamName === null ? undefined : map.streamNamed(streamName);
  if (streamName !== null && stream === undefined)
    throw new TRPCError({ code: 'NOT_FOUND', message: `There is no stream "${streamName}".` });
  const streams = map.streams();
  const streamAt = new Map(streams.map((s, i) => [s.id, i]));
  const byHost = groupByHost(map, stream?.id);
  const leaves = byHost.flatMap(({ shardlets }) => shardlets);
  return {
    mapVersion: map.version,
    hosts: byHost.map(({ id, name, shardlets }) => ({
      ...{ id, name, count: shardlets.length },
      condition: conditions.get(id) ?? 'unmeasured',
    })),
    streams: streams.map((s) => s.name),
    total: leaves.length,
    ids: packed(Float64Array.from(leaves, (s) => s.id)),
    streamIndex: packed(Uint16Array.from(leaves, (s) => streamAt.get(s.stream) ?? 0)),
    events: packed(Float32Array.from(leaves, (s) => rates.get(s.id)?.events ?? 0)),
    bytesIn: packed(Float32Array.from(leaves, (s) => rates.get(s.id)?.bytes ?? 0)),
    stored: packed(Float32Array.from(leaves, (s) => stored.get(s.id) ?? Number.NaN)),
    states: packed(Uint8Array.from(leaves, stateIndex)),
    sizesKnown: stored.size > 0,
  };
}

/** Every host, also an empty one; in each, shardlets in the order of their ids, so that they keep their places. */
function groupByHost(map: TopologyMap, stream: number | undefined) {
  const byHost = new Map<number, Shardlet[]>(map.hosts().map((h) => [h.id, []]));
  for (const shardlet of map.shardlets(stream)) {
    if (!isLeaf(shardlet)) continue;
    const there = byHost.get(shardlet.owner);
    if (there === undefined) byHost.set(shardlet.owner, [shardlet]);
    else there.push(shardlet);
  }
  return [...byHost].map(([id, shardlets]) => ({
    id,
    name: map.host(id)?.name ?? `#${id}`,
    shardlets: shardlets.sort((a, b) => a.id - b.id),
  }));
}

function stateIndex({ state }: Shardlet): number {
  if (state.kind === 'opening') return 2;
  return state.kind === 'moving' ? 1 : 0;
}

function packed(values: Float64Array | Float32Array | Uint16Array | Uint8Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

export interface MovingShardlet {
  readonly shardlet: number;
  readonly stream: string;
  readonly source: string;
  readonly dest: string;
  readonly sourceId: number;
  readonly destId: number;
  /** false: how far it is cannot be read now */
  readonly isLogRead: boolean;
  /** null: nobody has noted anything of this move yet */
  readonly progress: {
    readonly phase: Move['phase'];
    readonly order: Move['order'];
    readonly bytes: number;
    readonly bytesPerSecond: number;
    /** share of the source's records that are copied, 0 to 1; null before it is known */
    readonly copied: number | null;
    readonly obstacle: string;
    readonly actor: string;
    readonly reason: string;
    readonly createdAtMs: number;
  } | null;
}

/** @param logged undefined: the log of moves cannot be read */
export function movesOf(map: TopologyMap, logged: readonly Move[] | undefined): MovingShardlet[] {
  const byShardlet = new Map(logged?.map((move) => [move.shardlet, move]));
  const nameOf = (host: number) => map.host(host)?.name ?? `#${host}`;
  return [...map.shardlets()].flatMap(({ id, stream, owner, state }) => {
    if (state.kind !== 'moving' && state.kind !== 'closedMoving') return [];
    const move = byShardlet.get(id);
    return {
      shardlet: id,
      stream: map.stream(stream)?.name ?? `#${stream}`,
      source: nameOf(owner),
      dest: nameOf(state.dest),
      sourceId: owner,
      destId: state.dest,
      isLogRead: logged !== undefined,
      progress: move === undefined ? null : progressOf(move),
    };
  });
}

function progressOf(move: Move): MovingShardlet['progress'] {
  const { phase, order, bytes, bytesPerSecond, sourceSeq, copiedSeq, obstacle, actor, reason, createdAtMs } =
    move;
  const copied = sourceSeq > 0 ? Math.min(1, copiedSeq / sourceSeq) : null;
  return { phase, order, bytes, bytesPerSecond, copied, obstacle, actor, reason, createdAtMs };
}
