import type { Move } from '@foreshard/core/moves';
import type { Shardlet } from '@foreshard/core/topology';
import { expect, test } from 'vitest';
import { awaitedHost, givenUp, inTurn } from './turns.ts';

const [SOURCE, DEST] = [1, 2];
const ref = { shardlet: 7, nextEpoch: 70, source: SOURCE, dest: DEST };
const row = (fields: Partial<Move>) =>
  ({ order: 'go', deadlineAtMs: null, phase: 'copy', ...fields }) as Move;
const away =
  (...hosts: number[]) =>
  (host: number) =>
    hosts.includes(host);

test('what failed goes to the end of the line, the one that failed last at the very end', () => {
  const moving = [70, 71, 72, 73].map(
    (nextEpoch) => ({ id: nextEpoch, owner: 1, state: { kind: 'moving', dest: 2, nextEpoch } }) as Shardlet,
  );
  const failures = new Map([
    [70, 9],
    [72, 4],
  ]);
  expect(inTurn(moving, failures).map((s) => s.id)).toEqual([71, 73, 72, 70]);
});

test('a move waits for either of its hosts', () => {
  expect(awaitedHost(ref, undefined, away(), 0)).toBeUndefined();
  expect(awaitedHost(ref, row({}), away(3), 0)).toBeUndefined();
  expect(awaitedHost(ref, undefined, away(DEST), 0)).toBe(DEST);
  expect(awaitedHost(ref, row({}), away(SOURCE, DEST), 0)).toBe(SOURCE);
});

test('while edges may wait, a silent destination is a reason to begin, a silent source is not', () => {
  expect(awaitedHost(ref, row({ phase: 'verify' }), away(DEST), 0)).toBeUndefined();
  expect(awaitedHost(ref, row({ phase: 'verify' }), away(SOURCE), 0)).toBe(SOURCE);
});

test('an abort, and a window that is over, wait for nobody', () => {
  const aborted = row({ order: 'abort', orderReason: 'enough' });
  expect(givenUp(aborted, 0)).toBe('enough');
  expect(awaitedHost(ref, aborted, away(SOURCE, DEST), 0)).toBeUndefined();
  const limited = row({ deadlineAtMs: 100 });
  expect(givenUp(limited, 100)).toBeUndefined();
  expect(givenUp(limited, 101)).toBe('its window is over');
  expect(awaitedHost(ref, limited, away(DEST), 100)).toBe(DEST);
  expect(awaitedHost(ref, limited, away(DEST), 101)).toBeUndefined();
  expect(givenUp(row({}), 101)).toBeUndefined();
  expect(givenUp(undefined, 101)).toBeUndefined();
});

test('past its window, a cutover that may be under way is left to its machine', () => {
  expect(givenUp(row({ deadlineAtMs: 100, phase: 'verify' }), 101)).toBeUndefined();
});
