import { ForeshardError } from '@foreshard/core/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { endOf } from './log-position.ts';

const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 });
const place = fc.oneof(fc.record({ ts: number, shardlet: number, seq: number }), number.map(endOf));
const cursors = fc.record({
  stream: fc.integer({ min: 1, max: 0xffff_ffff }),
  after: place,
  version: fc.nat(Number.MAX_SAFE_INTEGER - 1),
  skipped: fc.array(fc.record({ host: number, version: number, from: place }), { maxLength: 4 }),
});

describe('the cursor of the log', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it('is small', () => {
    const after = { ts: 1_795_000_000_000_000, shardlet: 123_456, seq: 987_654 };
    expect(encodeCursor({ stream: 1, version: 250_000, after, skipped: [] }).length).toBeLessThan(32);
  });

  it('is refused when any of its characters was changed', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    fc.assert(
      fc.property(cursors, fc.nat(), fc.nat(63), (cursor, at, with64) => {
        const text = encodeCursor(cursor);
        const i = at % text.length;
        const changed = text.slice(0, i) + alphabet[with64] + text.slice(i + 1);
        fc.pre(changed !== text);
        expect(() => decodeCursor(changed)).toThrow(ForeshardError);
      }),
    );
  });

  it.each(['', 'x', 'not a cursor', '!!!!', 'AAAAAAAA', 'A'.repeat(20_000), '%00', 'null'])(
    'is refused when it is %j',
    (text) => {
      expect(() => decodeCursor(text)).toThrow(/cursor/);
    },
  );
});
