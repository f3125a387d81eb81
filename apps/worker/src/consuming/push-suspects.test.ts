import { expect, it } from 'vitest';
import { PushSuspects } from './push-suspects.ts';

const batch = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }));

/** A receiver that refuses some events; answers the sizes of its requests and what was given up. */
function delivered(bad: readonly number[], attempts: number | undefined, status = 422, turns = 200) {
  const suspects = new PushSuspects();
  const sizes: number[] = [];
  const givenUp: number[] = [];
  let next = 1;
  for (let turn = 0; turn < turns && next <= 16; turn++) {
    const part = suspects.partOf('g/1', batch(next, 16));
    sizes.push(part.length);
    const isRefused = part.some(({ seq }) => bad.includes(seq));
    if (isRefused && suspects.refused('g/1', part, status, attempts) !== 'given up') continue;
    if (isRefused) givenUp.push(part[0]!.seq);
    next = part.at(-1)!.seq + 1;
    suspects.passed('g/1', next - 1);
  }
  return { sizes, givenUp, next };
}

it('halves a refused batch until one event is left, tries that as often as asked for, and gives up no other', () => {
  const { sizes, givenUp, next } = delivered([6], 3);
  expect([givenUp, next]).toEqual([[6], 17]);
  expect(sizes.slice(0, 4)).toEqual([16, 8, 4, 4]);
  expect(sizes.filter((size) => size === 1).length).toBeGreaterThanOrEqual(3);
});

it('finds several in one batch', () => {
  expect(delivered([1, 2, 9, 16], 2)).toMatchObject({ givenUp: [1, 2, 9, 16], next: 17 });
});

it('sends whole batches again behind the one that was refused', () => {
  const suspects = new PushSuspects();
  suspects.refused('g/1', batch(1, 4), 500, 5);
  expect(suspects.partOf('g/1', batch(1, 4))).toHaveLength(2);
  suspects.passed('g/1', 2);
  expect(suspects.partOf('g/1', batch(3, 4))).toHaveLength(2);
  suspects.passed('g/1', 4);
  expect(suspects.partOf('g/1', batch(5, 8))).toHaveLength(4);
  expect(suspects.partOf('g/2', batch(1, 4))).toHaveLength(4);
});

it.each([
  ['has no number of attempts', undefined, 422],
  ['is asked to come later', 3, 503],
  ['is asked for less', 3, 429],
  ['gets no answer', 3, 0],
  ['is sent elsewhere', 3, 302],
])('gives up nothing where it %s', (_, attempts, status) => {
  const { sizes, givenUp, next } = delivered([6], attempts, status);
  expect([givenUp, next, new Set(sizes)]).toEqual([[], 1, new Set([16])]);
});

it('counts the refusals of each event by itself', () => {
  const suspects = new PushSuspects();
  const refuse = (seq: number) => suspects.refused('g/1', batch(seq, seq), 400, 2);
  // so that the one that is left stands before others
  suspects.refused('g/1', batch(1, 2), 400, 2);
  expect(refuse(1)).toBe('wait');
  suspects.passed('g/1', 1);
  expect([refuse(2), refuse(2)]).toEqual(['wait', 'given up']);
});
