import { beforeEach, describe, expect, it } from 'vitest';
import type { FrontierReply, ReplicaInfo } from '../hosts/index.ts';
import { HostTables } from './host-tables.ts';

const REPLICA: ReplicaInfo = { shardlet: 1, epoch: 5, mode: 'open', firstSeq: 1, lastSeq: 10 };
const ANSWER: FrontierReply = { hostLast: 40, since: 7, changed: [REPLICA] };

let tables: HostTables;
beforeEach(() => {
  tables = new HostTables();
  tables.apply(1, ANSWER);
});

describe('an answer shows less than the one before it', () => {
  it.each<[string, Partial<FrontierReply>]>([
    ['it promises less', { hostLast: 39 }],
    ['it has counted fewer changes', { since: 6 }],
    ['a shardlet has fewer records in the same epoch', { changed: [{ ...REPLICA, lastSeq: 9 }] }],
    ['one is sealed with fewer', { changed: [{ ...REPLICA, mode: 'sealed', lastSeq: 9 }] }],
  ])('where %s', (_, later) => {
    expect(tables.showLess(1, { ...ANSWER, ...later })).toBe(true);
  });

  it.each<[string, Partial<FrontierReply>]>([
    ['nothing has changed', { changed: [] }],
    ['a shardlet has as many records', {}],
    ['it begins anew in a later epoch', { changed: [{ ...REPLICA, epoch: 6, lastSeq: 0 }] }],
    ['it is dropped', { changed: [{ ...REPLICA, mode: 'dropped', lastSeq: 0 }] }],
    ['another shardlet has few', { changed: [{ ...REPLICA, shardlet: 2, lastSeq: 0 }] }],
  ])('but not where %s', (_, later) => {
    expect(tables.showLess(1, { ...ANSWER, ...later })).toBe(false);
  });

  it('but not where a copy that is not complete is cut', () => {
    const copy = { ...REPLICA, mode: 'shadow' } as const;
    tables.apply(1, { ...ANSWER, changed: [copy] });
    expect(tables.showLess(1, { ...ANSWER, changed: [{ ...copy, lastSeq: 3 }] })).toBe(false);
  });

  it('but not of a host that never answered, or whose answers are void', () => {
    expect(tables.showLess(2, { hostLast: 0, since: 0, changed: [] })).toBe(false);
    tables.forget(1);
    expect(tables.showLess(1, { hostLast: 0, since: 0, changed: [] })).toBe(false);
  });
});

describe('an answer shows less than was read before it was asked for', () => {
  const READ = { epoch: 5, lastSeq: 12 };

  it.each<[string, Partial<FrontierReply>]>([
    ['the shardlet is named with fewer', { changed: [{ ...REPLICA, lastSeq: 11 }] }],
    ['the shardlet is not named, so it is as it was before the read', { changed: [] }],
  ])('where %s', (_, later) => {
    tables.noteRead(1, 1, READ);
    tables.asks(1);
    expect(tables.showLess(1, { ...ANSWER, ...later })).toBe(true);
  });

  it('also where a later read showed still more', () => {
    tables.noteRead(1, 1, READ);
    tables.asks(1);
    tables.noteRead(1, 1, { epoch: 5, lastSeq: 14 });
    expect(tables.showLess(1, { ...ANSWER, changed: [{ ...REPLICA, lastSeq: 11 }] })).toBe(true);
    expect(tables.showLess(1, { ...ANSWER, changed: [{ ...REPLICA, lastSeq: 12 }] })).toBe(false);
  });

  it.each<[string, Partial<FrontierReply>]>([
    ['it shows as much', { changed: [{ ...REPLICA, lastSeq: 12 }] }],
    ['the shardlet has another epoch by now', { changed: [{ ...REPLICA, epoch: 6, lastSeq: 0 }] }],
    ['it is dropped', { changed: [{ ...REPLICA, mode: 'dropped', lastSeq: 0 }] }],
  ])('but not where %s', (_, later) => {
    tables.noteRead(1, 1, READ);
    tables.asks(1);
    expect(tables.showLess(1, { ...ANSWER, ...later })).toBe(false);
  });

  it('but not where the reply came while the answer was under way', () => {
    tables.asks(1);
    tables.noteRead(1, 1, READ);
    expect(tables.showLess(1, ANSWER)).toBe(false);
    tables.apply(1, ANSWER);
    tables.asks(1);
    expect(tables.showLess(1, ANSWER)).toBe(true);
  });

  it('but not of a run that is over', () => {
    tables.noteRead(1, 1, READ);
    tables.forget(1);
    tables.apply(1, ANSWER);
    tables.asks(1);
    expect(tables.showLess(1, ANSWER)).toBe(false);
  });
});

it('knows the most that was shown of a shardlet, by answers or reads', () => {
  expect(tables.shown(1, 1)).toMatchObject({ epoch: 5, lastSeq: 10 });
  tables.noteRead(1, 1, { epoch: 5, lastSeq: 12 });
  tables.noteRead(1, 1, { epoch: 5, lastSeq: 11 });
  expect(tables.shown(1, 1)).toEqual({ epoch: 5, lastSeq: 12 });
  tables.asks(1);
  tables.noteRead(1, 1, { epoch: 6, lastSeq: 0 });
  expect(tables.shown(1, 1)).toEqual({ epoch: 6, lastSeq: 0 });
  tables.apply(1, { ...ANSWER, changed: [{ ...REPLICA, epoch: 6, lastSeq: 3 }] });
  expect(tables.shown(1, 1)).toMatchObject({ epoch: 6, lastSeq: 3 });
  expect(tables.shown(1, 2)).toBeUndefined();
});
