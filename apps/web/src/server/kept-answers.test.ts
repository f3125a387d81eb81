import { expect, test } from 'vitest';
import { KeptAnswers } from './kept-answers.ts';

function counted() {
  let made = 0;
  return { make: async () => ++made, made: () => made };
}

test('who asks the same in time gets the same answer, also while it is being made', async () => {
  const kept = new KeptAnswers<number>(2);
  const { make } = counted();
  const both = await Promise.all([kept.get('a', 0, 100, make), kept.get('a', 50, 100, make)]);
  expect(both).toEqual([1, 1]);
  expect(await kept.get('a', 100, 100, make)).toBe(2);
});

test('a failure is made anew, and of too many the oldest is forgotten', async () => {
  const kept = new KeptAnswers<number>(2);
  const { make } = counted();
  await expect(kept.get('a', 0, 100, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await kept.get('a', 1, 100, make)).toBe(1);
  await kept.get('b', 2, 100, make);
  await kept.get('c', 3, 100, make);
  expect(await kept.get('a', 4, 100, make)).toBe(4);
  expect(await kept.get('c', 5, 100, make)).toBe(3);
});
