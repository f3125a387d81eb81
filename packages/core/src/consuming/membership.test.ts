/** Whose a member is, while it lives and after. */
import { describe, expect, it } from 'vitest';
import { isAlive, isForeign, isRefused, refusalOf } from './membership.ts';
import { type Group, MEMBERS_MAX, type Member } from './model.ts';

const GROUP: Group = { name: 'g', stream: 1, sessionMs: 1_000 };
const member = (id: string, seenAtMs = 0, subject: string | undefined = 'token:a'): Member => ({
  id,
  seenAtMs,
  subject,
  commits: 0,
});
const refused = (members: readonly Member[], id: string, subject: string, nowMs = 0) =>
  refusalOf(GROUP, { version: 0, members, checkpoints: new Map() }, { member: id, subject }, nowMs);

describe('a member', () => {
  it('lives for a session after each sign of life', () => {
    expect([999, 1_000].map((nowMs) => isAlive(GROUP, member('m', 0), nowMs))).toEqual([true, false]);
  });

  it('belongs to who joined, and to nobody else until its session has ended', () => {
    const members = [member('other', 0, 'token:b'), member('m')];
    expect(refused(members, 'm', 'token:a')).toBeUndefined();
    expect(refused(members, 'm', 'token:b', 999)).toEqual({ refused: 'foreign' });
    expect(refused(members, 'm', 'token:b', 1_000)).toBeUndefined();
    expect(refused(members, 'new', 'token:b')).toBeUndefined();
  });

  it('of an earlier release belongs to whoever comes next', () => {
    const unbound: Member = { id: 'm', seenAtMs: 0, subject: undefined, commits: 0 };
    expect(refused([unbound], 'm', 'token:b')).toBeUndefined();
    expect(isForeign([unbound], { member: 'm', subject: 'token:b' })).toBe(false);
  });

  it('of another is foreign also when its session has ended', () => {
    expect(isForeign([member('m')], { member: 'm', subject: 'token:b' })).toBe(true);
    expect(isForeign([member('m')], { member: 'm', subject: 'token:a' })).toBe(false);
    expect(isForeign([member('m')], { member: 'n', subject: 'token:b' })).toBe(false);
  });
});

describe('a group that is full', () => {
  const members = (count: number) =>
    Array.from({ length: count }, (_, i) => member(`m${i}`, i === 0 ? 0 : 500));

  it('lets nobody join, and keeps those it has', () => {
    expect(refused(members(MEMBERS_MAX - 1), 'new', 'token:a')).toBeUndefined();
    expect(refused(members(MEMBERS_MAX), 'new', 'token:a')).toEqual({ refused: 'full' });
    expect(refused(members(MEMBERS_MAX), 'm1', 'token:a')).toBeUndefined();
  });

  it('has room again when a session ends', () => {
    expect(refused(members(MEMBERS_MAX), 'new', 'token:a', 1_000)).toBeUndefined();
  });
});

it('a refusal is told from an answer', () => {
  expect([isRefused({ refused: 'full' }), isRefused([]), isRefused({ batches: [] })]).toEqual([
    true,
    false,
    false,
  ]);
});
