import { describe, expect, it } from 'vitest';
import { END, type Range, range, START } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import type { KnownCheckpoint } from './records.ts';
import { isEnough, isSound, newestOfEach, recoveryDemand, takenAtMs } from './recovery-demand.ts';

const MIDDLE = { hi: 2 ** 31, lo: 0 };
const [WHOLE, LEFT] = [range(START, END), range(START, MIDDLE)];

interface Made extends KnownCheckpoint {
  readonly verifyError: string | undefined;
}

function shardlet(id: number, more: Partial<Shardlet> = {}, own: Range = WHOLE): Shardlet {
  const state: Shardlet['state'] = { kind: 'open' };
  const ofAll = { stream: 1, shard: 0, range: own, owner: 1, epoch: 1, parents: [], lost: [] };
  return { id, ...ofAll, state, ...more };
}
const closed = (finalSeq: number): Pick<Shardlet, 'state'> => ({
  state: { kind: 'closed', successors: [], finalSeq, finalTs: 0 },
});

function made(id: string, seq: number, more: Partial<Made> = {}): Made {
  return {
    ...{ id, shardlet: 1, seq, epoch: 1, handlerVersion: '1', base: undefined, bytes: 100, keys: 1 },
    ...{ digest: '', reason: 'due', createdAtMs: seq, verifyError: undefined },
    ...more,
  };
}

function demand(all: readonly Made[], shardlets: readonly Shardlet[], seq: number) {
  const sources = {
    shardlet: (id: number) => shardlets.find((one) => one.id === id),
    checkpoints: (id: number) => all.filter((one) => one.shardlet === id && isSound(one)),
  };
  const found = recoveryDemand(sources, shardlets.at(-1)!, seq);
  return { ...found, restored: found.restored.map(({ id }) => id), takenAtMs: takenAtMs(found) };
}

describe('what a recovery would restore and replay', () => {
  it('counts a delta with all that it is based on, and the state as old as the delta', () => {
    const chain = [
      made('whole', 100, { bytes: 60_000_000 }),
      made('first', 200, { base: 'whole', bytes: 9_000 }),
      made('second', 300, { base: 'first', bytes: 10_000 }),
    ];
    expect(demand(chain, [shardlet(1)], 350)).toEqual({
      ...{ bytes: 60_019_000, events: 50, restored: ['second'], takenAtMs: 300 },
    });
  });

  it('counts on no damaged one, nor on one that is based on it', () => {
    const all = [
      made('old', 1_000, { bytes: 7 }),
      made('damaged', 500_000, { verifyError: 'gone' }),
      made('delta', 501_000, { base: 'damaged' }),
    ];
    expect(demand(all, [shardlet(1)], 501_000)).toEqual({
      ...{ bytes: 7, events: 500_000, restored: ['old'], takenAtMs: 1_000 },
    });
  });

  it('counts on none that holds events which a host has lost', () => {
    const all = [made('old', 40), made('lost', 200), made('lost later', 150)];
    const setBack = shardlet(1, { lost: [{ epoch: 2, seq: 120 }] });
    expect(demand(all, [setBack], 130)).toMatchObject({ events: 90, restored: ['old'] });
    const after = made('after', 125, { epoch: 2 });
    expect(demand([...all, after], [setBack], 130)).toMatchObject({ events: 5, restored: ['after'] });
  });

  it('counts the events of a parent that has no checkpoint, and its bytes where it has one', () => {
    const parent = shardlet(1, closed(900));
    const child = shardlet(2, { parents: [1] }, LEFT);
    expect(demand([], [parent, child], 30)).toEqual({
      ...{ bytes: 0, events: 930, restored: [], takenAtMs: undefined },
    });
    const final = made('final', 900, { bytes: 5_000 });
    expect(demand([final], [parent, child], 30)).toEqual({
      ...{ bytes: 5_000, events: 30, restored: ['final'], takenAtMs: 900 },
    });
    const own = made('own', 20, { shardlet: 2, bytes: 3, createdAtMs: 1_000 });
    expect(demand([final, own], [parent, child], 30)).toMatchObject({ bytes: 3, events: 10 });
  });

  it('is as old as the older one of two parents that were merged', () => {
    const parents = [shardlet(1, closed(10), LEFT), shardlet(2, closed(20), range(MIDDLE, END))];
    const child = shardlet(3, { parents: [1, 2] });
    const all = [
      made('left', 10, { createdAtMs: 70 }),
      made('right', 15, { shardlet: 2, createdAtMs: 60 }),
      made('right delta', 18, { shardlet: 2, base: 'right', createdAtMs: 65 }),
    ];
    expect(demand(all, [...parents, child], 4)).toEqual({
      ...{ bytes: 300, events: 6, restored: ['left', 'right delta'], takenAtMs: 65 },
    });
  });

  it('counts what came after the start of a group as replayed, and nothing as restored', () => {
    const start = made('start', 400, { reason: 'start', bytes: 0, createdAtMs: 0 });
    expect(demand([start], [shardlet(1)], 450)).toEqual({
      ...{ bytes: 0, events: 50, restored: [], takenAtMs: undefined },
    });
  });
});

describe('the newest of each shardlet', () => {
  const ids = (all: readonly KnownCheckpoint[]) => newestOfEach(all).map(({ id }) => id);

  it('are one chain each, the later one of two of the same seq, and where the group begins', () => {
    const all = [
      made('start', 3, { reason: 'start', createdAtMs: 0 }),
      made('whole', 10),
      made('older', 20, { createdAtMs: 5 }),
      made('tip', 20, { base: 'whole', createdAtMs: 6 }),
      made('other', 4, { shardlet: 2 }),
      made('twin', 4, { shardlet: 2, createdAtMs: 4 }),
    ];
    expect(ids(all)).toEqual(['tip', 'whole', 'start', 'other']);
  });

  it('leave out a start that something older stands below, and a base that is gone', () => {
    const start = made('start', 30, { reason: 'start', createdAtMs: 0 });
    expect(ids([start, made('below', 20, { base: 'gone', createdAtMs: 9 })])).toEqual(['below']);
    expect(ids([start, made('same', 30, { createdAtMs: 9 })])).toEqual(['same', 'start']);
    expect(ids([start])).toEqual(['start']);
  });

  it('are enough where the newest is what is restored, or there is none', () => {
    const all = [
      made('start', 1, { reason: 'start' }),
      made('whole', 10),
      made('tip', 20, { base: 'whole' }),
    ];
    const enough = (usable: readonly Made[], through: number, lost: Shardlet['lost'] = []) =>
      isEnough(all, usable, { shardlet: shardlet(1, { lost }), through });
    expect(enough(all, 25)).toBe(true);
    expect(enough(all, 20)).toBe(true);
    expect(enough(all, 19)).toBe(false);
    expect(enough(all.slice(0, 2), 25)).toBe(false);
    expect(enough([all[2]!], 25)).toBe(false);
    expect(enough(all, 25, [{ epoch: 2, seq: 15 }])).toBe(false);
    expect(enough(all, 25, [{ epoch: 2, seq: 20 }])).toBe(true);
    const start = all.slice(0, 1);
    expect(isEnough(start, [], { shardlet: shardlet(1), through: 0 })).toBe(true);
    expect(isEnough([], [], { shardlet: shardlet(1), through: 0 })).toBe(true);
  });
});
