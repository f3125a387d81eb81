/**
 * How far a slice is in each shardlet. Events of a key are learned in their order whatever was split, rolled or merged: a shardlet is
 * read when all it came from is read to the end, as consumer groups do.
 */
import { z } from 'zod';
import { finalSeqOf, type Position, setBack, standingOf } from '../consuming/index.ts';
import type { ReadReply, StoredRecord } from '../hosts/index.ts';
import { overlaps, type Range } from '../keyspace/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';

export type Place = Position;
/** by shardlet: all up to `seq` is learned, or was left out */
export type Places = ReadonlyMap<number, Place>;

/**
 * Records that a slice may be behind in a shardlet: what is older is dropped, so a worker that was away, or is too slow, comes back
 * to what happens now.
 */
export const BEHIND_MAX = 50_000;

/** As it is stored beside the state it belongs to. */
export const progressSchema = z.object({
  places: z.array(z.tuple([z.int(), z.int(), z.int()])),
  learned: z.number(),
  dropped: z.number(),
});
export type Progress = z.infer<typeof progressSchema>;

export function placesFrom({ places }: Progress): Map<number, Place> {
  return new Map(places.map(([shardlet, seq, epoch]) => [shardlet, { shardlet, seq, epoch }]));
}

export function placesToStore(places: Places): Progress['places'] {
  return [...places].map(([shardlet, { seq, epoch }]) => [shardlet, seq, epoch]);
}

export function shardletsOf(map: TopologyMap, stream: number, range: Range): Shardlet[] {
  return [...map.shardlets(stream)].filter((shardlet) => overlaps(shardlet.range, range));
}

/** Where one begins that knows nothing: what is closed says nothing of what comes. */
export function startPlaces(shardlets: readonly Shardlet[]): Map<number, Place> {
  return new Map(
    shardlets.flatMap((shardlet) => {
      const seq = finalSeqOf(shardlet);
      return seq === undefined
        ? []
        : [[shardlet.id, { shardlet: shardlet.id, seq, epoch: shardlet.epoch }] as const];
    }),
  );
}

/** Places as the map has it now: of shardlets that are there, set back where a host lost what was read. */
export function fittingPlaces(
  places: Places,
  shardlets: readonly Shardlet[],
): { readonly places: Map<number, Place>; readonly isSetBack: boolean } {
  let isSetBack = false;
  const fitting = new Map<number, Place>();
  for (const shardlet of shardlets) {
    const place = places.get(shardlet.id);
    if (place === undefined) continue;
    const set = setBack(place, shardlet);
    if (set.seq !== place.seq) isSetBack = true;
    fitting.set(shardlet.id, set);
  }
  return { places: fitting, isSetBack };
}

/** Those whose next events may be learned now. */
export function readable(shardlets: readonly Shardlet[], places: Places): readonly Shardlet[] {
  const nobody = { member: undefined, revoking: false, assignment: 0, skipped: 0 };
  const checkpoints = new Map([...places].map(([shardlet, place]) => [shardlet, { ...place, ...nobody }]));
  const map = {
    *shardlets() {
      yield* shardlets;
    },
  };
  return standingOf(map, { stream: 0 }, checkpoints).workable;
}

export function placeOf(places: Places, { id }: Pick<Shardlet, 'id'>): Place {
  return places.get(id) ?? { shardlet: id, seq: 0, epoch: 0 };
}

export interface Step {
  readonly place: Place;
  readonly records: readonly StoredRecord[];
  /** records that nobody will learn */
  readonly dropped: number;
  /** records of the shardlet that are left */
  readonly behind: number;
}

/** What a reply to a read after `place` brings; undefined: nothing, it is asked again later. */
export function stepFrom(place: Place, reply: ReadReply): Step | undefined {
  if (reply.kind === 'gone') {
    const seq = Math.max(place.seq, reply.firstSeq - 1);
    return { place: { ...place, seq }, records: [], dropped: seq - place.seq, behind: 0 };
  }
  if (reply.kind !== 'records') return undefined;
  const { epoch, lastSeq, nextSeq, records } = reply;
  const behind = lastSeq - place.seq;
  if (behind > BEHIND_MAX) {
    const seq = lastSeq - BEHIND_MAX / 2;
    return { place: { ...place, seq, epoch }, records: [], dropped: seq - place.seq, behind: lastSeq - seq };
  }
  const seq = Math.max(place.seq, nextSeq - 1);
  if (seq === place.seq) return undefined;
  // retention may have taken what was first
  const first = records[0]?.seq ?? seq + 1;
  const dropped = Math.max(0, Math.min(first, seq + 1) - place.seq - 1);
  return {
    place: { ...place, seq, epoch },
    records,
    dropped: records.length === 0 ? 0 : dropped,
    behind: lastSeq - seq,
  };
}
