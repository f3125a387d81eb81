import { beforeEach, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { ReadAssociations } from './read-associations.ts';

const WINDOW = 4;

let reads: ReadAssociations;

beforeEach(() => {
  reads = new ReadAssociations({ objectsMax: 100, window: WINDOW, readersMax: 2 });
});

const probabilityOf = (id: string, announced: readonly { id: string; probability: number }[]) =>
  announced.find((one) => one.id === id)?.probability ?? 0;

it('finds what is read soon after, whatever is between', () => {
  let last = reads.observe('a');
  for (let i = 0; i < 30; i++) {
    for (const id of [`x${i}`, 'b', `y${i}`, `z${i}`, `w${i}`]) reads.observe(id);
    last = reads.observe('a');
  }
  expect(last[0]!.id).toBe('b');
  expect(probabilityOf('b', last)).toBeGreaterThan(0.8);
  for (const { id, probability } of last) if (id !== 'b') expect(probability).toBeLessThan(0.5);
});

it('announces nothing of the first visit', () => {
  expect(reads.observe('a')).toEqual([]);
});

it('gives probabilities that come true as often as they say', () => {
  const random = seededRandom(3);
  let [sum, came, count] = [0, 0, 0];
  for (let i = 0; i < 3_000; i++) {
    const announced = probabilityOf('b', reads.observe('a'));
    const isNext = random.next() < 0.3;
    reads.observe(isNext ? 'b' : 'c');
    for (let k = 0; k < WINDOW; k++) reads.observe(`between-${k}-${i}`);
    if (i < 500) continue;
    count++;
    sum += announced;
    if (isNext) came++;
  }
  expect(Math.abs(sum - came) / count).toBeLessThan(0.06);
});

it('learns that what came once seldom comes again, where it does not', () => {
  const last: number[] = [];
  for (let i = 0; i < 60; i++) {
    for (const next of ['b', 'c']) {
      const announced = reads.observe(`a-${i}`);
      if (next === 'c' && i >= 50) last.push(probabilityOf(`b-${i}`, announced));
      reads.observe(`${next}-${i}`);
      for (let k = 0; k < WINDOW; k++) reads.observe(`between-${next}-${k}-${i}`);
    }
  }
  for (const probability of last) expect(probability).toBeLessThan(0.2);
  expect(last.length).toBe(10);
});

it('keeps readers apart, and forgets the one that read longest ago', () => {
  for (let i = 0; i < 20; i++) {
    reads.observe('a', 'one');
    reads.observe('q', 'two');
    reads.observe('b', 'one');
    for (let k = 0; k < WINDOW; k++) reads.observe(`${k}-${i}`, 'one');
  }
  const announced = reads.observe('a', 'one');
  expect(probabilityOf('b', announced)).toBeGreaterThan(0.7);
  expect(probabilityOf('q', announced)).toBe(0);
});

it('holds so many objects at most', () => {
  for (let i = 0; i < 3; i++) for (const id of ['a', 'b']) reads.observe(id);
  expect(reads.observe('a')).not.toEqual([]);
  for (let i = 0; i < 200; i++) reads.observe(`other-${i}`);
  expect(reads.observe('a')).toEqual([]);
});
