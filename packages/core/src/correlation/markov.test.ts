import { expect, it } from 'vitest';
import { MarkovChains } from './markov.ts';

function learned(events: readonly (readonly [string, number])[]): MarkovChains {
  const chains = new MarkovChains();
  for (const [key, type] of events) chains.learn(key, type);
  return chains;
}

function sequence(key: string, ...types: number[]): (readonly [string, number])[] {
  return types.map((type) => [key, type] as const);
}

it('ranks what followed the same types, by count', () => {
  const chains = learned(sequence('k', 1, 2, 1, 3, 1, 3, 1));
  expect(chains.rank('k', 1, 5)).toEqual([3, 2, 1]);
  expect(chains.rank('k', 0, 5)).toEqual([1, 3, 2]);
});

it('sees as many types back as its order', () => {
  const chains = learned([
    ...sequence('a', 1, 9, 2, 1, 9, 2),
    ...sequence('b', 5, 9, 3),
    ...sequence('c', 5, 9, 3),
    ...sequence('e', 5, 9, 3),
    ...sequence('d', 1, 9),
  ]);
  expect(chains.rank('d', 1, 1)).toEqual([3]);
  expect(chains.rank('d', 2, 1)).toEqual([2]);
});

it('knows what a key starts with, apart from what follows later', () => {
  const chains = learned([...sequence('a', 7, 1, 1, 1), ...sequence('b', 7, 1, 1)]);
  expect(chains.rank('new', 1, 1)).toEqual([7]);
  expect(chains.rank('new', 4, 1)).toEqual([7]);
  expect(chains.rank('new', 0, 1)).toEqual([1]);
});

it('answers with the next shorter context where one never came, and fills up from it', () => {
  const chains = learned([...sequence('a', 1, 2, 3), ...sequence('b', 4, 2)]);
  expect(chains.rank('b', 4, 3)).toEqual([3, 2, 1]);
});

it('puts types that came equally often in the order in which they got there', () => {
  const chains = learned(sequence('k', 1, 2, 3, 3, 2, 1));
  expect(chains.rank('k', 0, 3)).toEqual([3, 2, 1]);
});

it('says nothing before it has learned anything, and no more than asked for', () => {
  expect(new MarkovChains().rank('k', 2, 5)).toEqual([]);
  expect(learned(sequence('k', 1, 2, 3, 4)).rank('k', 0, 2)).toEqual([1, 2]);
});
