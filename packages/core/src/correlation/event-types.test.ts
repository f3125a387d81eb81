import { expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { EventTypes } from './event-types.ts';

it('gives each type a number of its own and counts it', () => {
  const types = new EventTypes(8);
  expect(['a', 'b', 'a'].map((name) => types.count(name))).toEqual([0, 1, 0]);
  expect([
    types.size,
    types.total,
    types.counts[0],
    types.find('b'),
    types.find('c'),
    types.nameOf(1),
  ]).toEqual([...[2, 3, 2, 1, undefined, 'b']]);
});

it('shares add up to 1 with what was not seen yet', () => {
  const types = new EventTypes(8);
  for (const name of ['a', 'b', 'a', 'c']) types.count(name);
  expect([0, 1, 2].reduce((sum, id) => sum + types.shareOf(id), types.novelty)).toBeCloseTo(1, 12);
  expect(new EventTypes(8).novelty).toBe(1);
});

it('keeps what comes often while any number of types come once', () => {
  const types = new EventTypes(64);
  for (let i = 0; i < 20_000; i++) {
    types.count(`once-${i}`);
    if (i % 2 === 0) types.count(`often-${(i / 2) % 5}`);
  }
  expect(types.size).toBe(64);
  const kept = Array.from({ length: 5 }, (_, i) => types.find(`often-${i}`)).filter((id) => id !== undefined);
  expect(kept.length).toBe(5);
  expect(types.find('once-5')).toBeUndefined();
  expect(types.total).toBeCloseTo(
    types.counts.reduce((sum, one) => sum + one),
    6,
  );
});

it('cuts names of a poisoned length', () => {
  const types = new EventTypes(8);
  const id = types.count('x'.repeat(1_000_000));
  expect(types.nameOf(id)!.length).toBeLessThan(300);
  expect(types.find('x'.repeat(1_000_000))).toBe(id);
});

it('fades all counts alike before they grow without end', () => {
  const types = new EventTypes(8);
  for (let i = 0; i < 2 ** 22 + 10; i++) types.count(i % 4 === 0 ? 'a' : 'b');
  expect(types.total).toBeLessThan(2 ** 22);
  expect(types.shareOf(0)).toBeCloseTo(0.25, 4);
});

it('comes back from bytes as it was', () => {
  const types = new EventTypes(8);
  for (let i = 0; i < 20; i++) types.count(`t${i % 11}`);
  const out = new ByteWriter();
  types.write(out);
  const again = new EventTypes(8);
  again.read(new ByteReader(out.finish()));
  for (const each of [types, again]) each.count('late');
  expect([again.total, again.size, again.find('late'), [...again.counts]]).toEqual([
    ...[types.total, types.size, types.find('late'), [...types.counts]],
  ]);
});
