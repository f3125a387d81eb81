import { expect, it } from 'vitest';
import {
  type PrefetchingEdge,
  shareOf,
  standingWords,
  whatIfAt,
  whatIfOf,
  whatIfWords,
} from './prefetching-words.ts';

const row = (threshold: number, hits: number) => ({ threshold, fetchedBytes: 2_000, wastedBytes: 500, hits });
const edge = (more: Partial<PrefetchingEdge>) => more as PrefetchingEdge;

it('says whether it is on, and what it is worth', () => {
  expect(standingWords(edge({ standing: 'off', gainMs: null }))).toContain('no threshold');
  const gainMs = { low: 0.1, mean: 0.25, high: 0.4 };
  expect(standingWords(edge({ standing: 'worth', gainMs }))).toBe(
    'On: it spares readers 0.25 ms a read (0.10 ms to 0.40 ms).',
  );
  expect(standingWords(edge({ standing: 'aside', gainMs }))).toContain('Stands aside');
});

it('adds up what a threshold would have meant on all edges', () => {
  const edges = [
    edge({ whatIf: [row(0.05, 1), row(0.1, 2)] }),
    edge({ whatIf: [row(0.05, 3), row(0.1, 4)] }),
  ];
  expect(whatIfOf(edges).map(({ hits }) => hits)).toEqual([4, 6]);
  expect(whatIfAt(whatIfOf(edges), 0.12)?.hits).toBe(6);
  expect(whatIfAt(whatIfOf(edges), 0)?.hits).toBe(4);
  expect(whatIfOf([])).toEqual([]);
});

it('says in words what it would have meant', () => {
  expect(whatIfWords(row(0.5, 3)).replaceAll(/\s/g, ' ')).toBe(
    'In the last day: 2 kB fetched, 500 B of it in vain, 3 more hits.',
  );
  expect(whatIfWords({ ...row(0.5, 0), fetchedBytes: 0 })).toBe(
    'Nothing would have been fetched in the last day.',
  );
  expect(shareOf(1, 0)).toBe('no reads yet');
});
