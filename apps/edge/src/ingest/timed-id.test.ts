import { describe, expect, it } from 'vitest';
import { idTimeMicros } from './timed-id.ts';

describe('idTimeMicros', () => {
  it('reads the example of RFC 9562 for UUIDv7, in either case', () => {
    const micros = Date.UTC(2022, 1, 22, 19, 22, 22) * 1_000;
    expect(idTimeMicros('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBe(micros);
    expect(idTimeMicros('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(micros);
  });

  it('reads the example of the ULID specification', () => {
    expect(idTimeMicros('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(1_469_922_850_259_000);
  });

  it.each([
    ['another version of UUID', '017f22e2-79b0-4cc3-98c4-dc0c0c07398f'],
    ['another variant of UUID', '017f22e2-79b0-7cc3-18c4-dc0c0c07398f'],
    ['a letter that ULID leaves out', '01ARZ3NDEKTSV4RRFFQ69G5FAU'],
    ['more than 48 bits', '81ARZ3NDEKTSV4RRFFQ69G5FAV'],
    ['a counter filled up with zeros', '00000000000000000000000042'],
    ['a short id', '42'],
  ])('finds no time in %s', (_, id) => {
    expect(idTimeMicros(id)).toBe(0);
  });
});
