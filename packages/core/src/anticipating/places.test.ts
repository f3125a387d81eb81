import { describe, expect, it } from 'vitest';
import type { ReadReply, StoredRecord } from '../hosts/index.ts';
import { slices, WHOLE } from '../keyspace/index.ts';
import type { Shardlet, ShardletState } from '../topology/index.ts';
import {
  BEHIND_MAX,
  fittingPlaces,
  placeOf,
  placesFrom,
  placesToStore,
  readable,
  startPlaces,
  stepFrom,
} from './places.ts';

const OPEN: ShardletState = { kind: 'open' };
const closedAt = (finalSeq: number): ShardletState => ({
  ...{ kind: 'closed', successors: [], finalSeq, finalTs: 1 },
});

function shardlet(id: number, state: ShardletState, parents: number[] = []): Shardlet {
  const range = slices(WHOLE, 1)[0]!;
  return { ...{ id, stream: 1, shard: 0, range, owner: 1, epoch: 3 }, state, parents, lost: [] };
}

const record = (seq: number): StoredRecord => ({ seq, ts: seq, frame: new Uint8Array() });

function records(from: number, to: number, lastSeq: number): Extract<ReadReply, { kind: 'records' }> {
  return {
    ...{ kind: 'records', epoch: 3, mode: 'open', last: 0, atEnd: false },
    ...{ nextSeq: to + 1, lastSeq },
    records: Array.from({ length: to - from + 1 }, (_, i) => record(from + i)),
  };
}

const at = (seq: number) => ({ shardlet: 1, seq, epoch: 3 });

describe('which shardlets are read', () => {
  it('leaves a child alone until its parent is read to the end', () => {
    const family = [shardlet(1, closedAt(5)), shardlet(2, OPEN, [1]), shardlet(3, OPEN)];
    const ids = (seq: number) => readable(family, new Map([[1, at(seq)]])).map(({ id }) => id);
    expect(ids(4)).toEqual([1, 3]);
    expect(ids(5)).toEqual([2, 3]);
  });

  it('begins without what is closed', () => {
    const family = [shardlet(1, closedAt(5)), shardlet(2, OPEN, [1])];
    const places = startPlaces(family);
    expect([...places.keys()]).toEqual([1]);
    expect(readable(family, places).map(({ id }) => id)).toEqual([2]);
    expect(placeOf(places, { id: 2 })).toEqual({ shardlet: 2, seq: 0, epoch: 0 });
  });

  it('goes back where a host lost what was read, and forgets shardlets that are gone from the map', () => {
    const lost = { ...shardlet(1, OPEN), lost: [{ epoch: 4, seq: 7 }] };
    const places = new Map([
      [1, at(9)],
      [8, { ...at(2), shardlet: 8 }],
    ]);
    const fitting = fittingPlaces(places, [lost]);
    expect(fitting).toEqual({ isSetBack: true, places: new Map([[1, { shardlet: 1, seq: 7, epoch: 4 }]]) });
    expect(fittingPlaces(fitting.places, [lost]).isSetBack).toBe(false);
  });

  it('is stored and read as it was', () => {
    const places = new Map([[1, at(9)]]);
    expect(placesFrom({ places: placesToStore(places), learned: 0, dropped: 0 })).toEqual(places);
  });
});

describe('a step', () => {
  it('goes on behind the last record', () => {
    const step = stepFrom(at(2), records(3, 6, 9))!;
    expect(step).toMatchObject({ place: at(6), dropped: 0, behind: 3 });
    expect(step.records).toHaveLength(4);
  });

  it('is none where nothing is new, or the host has another shardlet', () => {
    expect(stepFrom(at(6), { ...records(7, 6, 6) })).toBeUndefined();
    expect(stepFrom(at(6), { kind: 'stale' } as ReadReply)).toBeUndefined();
  });

  it('counts what retention took', () => {
    expect(stepFrom(at(2), { kind: 'gone', firstSeq: 10 })).toMatchObject({ place: at(9), dropped: 7 });
    expect(stepFrom(at(2), records(5, 6, 6))).toMatchObject({ place: at(6), dropped: 2 });
  });

  it('passes over records that say nothing, without calling them lost', () => {
    expect(stepFrom(at(2), { ...records(7, 6, 9), nextSeq: 7 })).toMatchObject({ place: at(6), dropped: 0 });
  });

  it('drops the oldest when it is too far behind', () => {
    const lastSeq = 10 + BEHIND_MAX;
    expect(stepFrom(at(10), records(11, 12, lastSeq))!.dropped).toBe(0);
    const step = stepFrom(at(9), records(10, 12, lastSeq))!;
    expect(step.records).toEqual([]);
    expect(step.place.seq).toBe(lastSeq - BEHIND_MAX / 2);
    expect(step.dropped).toBe(step.place.seq - 9);
    expect(step.behind).toBe(BEHIND_MAX / 2);
  });
});
