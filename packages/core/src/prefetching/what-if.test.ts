import { beforeEach, expect, it } from 'vitest';
import { WhatIf, type WhatIfRow } from './what-if.ts';

let whatIf: WhatIf;

beforeEach(() => {
  whatIf = new WhatIf();
});

function at(threshold: number): WhatIfRow {
  return whatIf.rows().find((row) => row.threshold === threshold)!;
}

it('says for each threshold what would have been fetched, wasted and hit', () => {
  whatIf.offer('1/0', 0.9, 100, 10, 0);
  whatIf.offer('2/0', 0.3, 100, 10, 0);
  whatIf.offer('3/0', 0.3, 100, 10, 0);
  whatIf.read('1/0', false, 5);
  whatIf.read('2/0', false, 5);
  whatIf.expire(11);
  expect(at(0.5)).toEqual({ threshold: 0.5, fetchedBytes: 100, wastedBytes: 0, hits: 1 });
  expect(at(0.3)).toEqual({ threshold: 0.3, fetchedBytes: 300, wastedBytes: 100, hits: 2 });
  expect(at(0.95).fetchedBytes).toBe(0);
});

it('takes an object that is offered again with the higher probability once', () => {
  whatIf.offer('1/0', 0.3, 100, 10, 0);
  whatIf.offer('1/0', 0.8, 100, 20, 1);
  whatIf.offer('1/0', 0.2, 100, 10, 2);
  expect([at(0.3).fetchedBytes, at(0.8).fetchedBytes]).toEqual([100, 100]);
});

it('takes no credit for what the cache had anyway', () => {
  whatIf.offer('1/0', 0.9, 100, 10, 0);
  whatIf.read('1/0', true, 1);
  expect(at(0.5)).toMatchObject({ fetchedBytes: 0, hits: 0 });
});

it('forgets what is older than a day', () => {
  whatIf.offer('1/0', 0.9, 100, 10, 0);
  whatIf.expire(11);
  for (let i = 1; i <= 96; i++) whatIf.offer(`2/${i}`, 0.9, 1, 2e9, i * 900_000);
  expect(at(0.5)).toMatchObject({ wastedBytes: 0, fetchedBytes: 96 });
});
