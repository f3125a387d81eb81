import { expect, it } from 'vitest';
import { eachInTurn } from './each-in-turn.ts';

const { signal } = new AbortController();

function failing(...failures: readonly (readonly [number, Error])[]) {
  const done: number[] = [];
  const byPiece = new Map(failures);
  const work = async (piece: number) => {
    const failure = byPiece.get(piece);
    if (failure !== undefined) throw failure;
    done.push(piece);
  };
  return { done, work };
}

it('goes on after a failure, and fails with the first one at the end', async () => {
  const { done, work } = failing([2, new Error('second')], [4, new Error('fourth')]);
  await expect(eachInTurn([1, 2, 3, 4, 5], signal, work)).rejects.toThrow('second');
  expect(done).toEqual([1, 3, 5]);
});

it('does not ask what is away again and again', async () => {
  const away = Object.assign(new Error('PostgreSQL is away'), { name: 'DatabaseUnreachable' });
  const { done, work } = failing([2, away]);
  await expect(eachInTurn([1, 2, 3], signal, work)).rejects.toBe(away);
  expect(done).toEqual([1]);
});

it('ends between two pieces when it is aborted', async () => {
  const controller = new AbortController();
  const done: number[] = [];
  await eachInTurn([1, 2, 3], controller.signal, async (piece) => {
    done.push(piece);
    if (piece === 2) controller.abort();
  });
  expect(done).toEqual([1, 2]);
});
