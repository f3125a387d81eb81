import { expect, it } from 'vitest';
import { isBase, removable } from './judging.ts';
import { DELTAS_MAX, type StateCheckpoint } from './records.ts';

const DELTA = { shardlet: 1, seq: 10, handlerVersion: '1' };

/** The base first, down to the whole one. */
function chain(length: number, more: Partial<StateCheckpoint> = {}): StateCheckpoint[] {
  return Array.from({ length }, (_, i) => {
    const base = i === length - 1 ? undefined : `c${i + 1}`;
    return { ...DELTA, id: `c${i}`, base, reason: 'due', verifyError: undefined, ...more } as StateCheckpoint;
  });
}

it('is a base: a sound chain down to a whole one, of the same shardlet and handler', () => {
  expect(isBase(chain(1), DELTA)).toBe(true);
  expect(isBase(chain(DELTAS_MAX), DELTA)).toBe(true);
  expect(isBase(chain(DELTAS_MAX + 1), DELTA)).toBe(false);
  expect(isBase([], DELTA)).toBe(false);
  // as far as they are valid
  expect(isBase(chain(3).slice(0, 2), DELTA)).toBe(false);
  expect(isBase(chain(1, { reason: 'start' }), DELTA)).toBe(false);
  expect(isBase(chain(2), { ...DELTA, shardlet: 2 })).toBe(false);
  expect(isBase(chain(2), { ...DELTA, handlerVersion: '2' })).toBe(false);
  expect(isBase(chain(2), { ...DELTA, seq: 9 })).toBe(false);
  for (const damaged of [0, 1, 2]) {
    const all = chain(3).map((one, i) => (i === damaged ? { ...one, verifyError: 'gone' } : one));
    expect(isBase(all, DELTA)).toBe(false);
  }
});

it('removes none on which one is based that stays, however far below', () => {
  const all = [...chain(4), { id: 'other', base: undefined }];
  expect([...removable(['c3', 'other'], all)]).toEqual(['other']);
  expect([...removable(['c0', 'c2', 'c3'], all)]).toEqual(['c0']);
  expect([...removable(['c3', 'c2', 'c1', 'c0'], all)]).toHaveLength(4);
});
