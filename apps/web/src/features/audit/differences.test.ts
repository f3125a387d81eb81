import { expect, it } from 'vitest';
import { differences, leavesOf } from './differences.ts';

it('names what was changed, added and removed, and leaves out what stayed', () => {
  const before = { mode: 'advise', limits: { moves: 4, hosts: [1, 2] }, note: 'a', gone: true };
  const after = { mode: 'auto', limits: { moves: 4, hosts: [1, 3] }, note: 'a', added: null, zone: 'b' };
  expect(differences(before, after)).toEqual([
    { path: 'mode', before: 'advise', after: 'auto' },
    { path: 'limits.hosts.1', before: '2', after: '3' },
    { path: 'gone', before: 'true', after: undefined },
    { path: 'zone', before: undefined, after: 'b' },
  ]);
});

it('shows a document by its values, empty ones too', () => {
  expect([...leavesOf({ a: { b: [] }, c: 'x', d: 0 })]).toEqual([
    ['a.b', '[]'],
    ['c', 'x'],
    ['d', '0'],
  ]);
  expect([...leavesOf(null)]).toEqual([]);
  expect([...leavesOf('text')]).toEqual([['', 'text']]);
});
