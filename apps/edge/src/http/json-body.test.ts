import { ForeshardError } from '@foreshard/core/kernel';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { judged } from './json-body.ts';

/** What `judged` answers, or the error by which it refuses. */
function judgement(schema: z.ZodType, body: unknown): unknown {
  try {
    return judged(schema, body, 'invalid_record');
  } catch (error) {
    expect(error).toBeInstanceOf(ForeshardError);
    return error;
  }
}

/** So many arrays, one in another. */
const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;

it('refuses the character that no text of PostgreSQL may hold, with its place', () => {
  const open = z.looseObject({});
  expect(judgement(open, { note: ['a', 'b\0'] })).toMatchObject({ pointer: '/note/1' });
  expect(judgement(open, { 'a/\0': 1 })).toMatchObject({ pointer: '/a~1\0' });
});

it('takes or refuses documents nested deeper than calls can be', () => {
  const deep = nested(100_000);
  expect(judgement(z.strictObject({}), deep)).toHaveProperty('places');
  expect(judgement(z.strictObject({ any: z.unknown() }), { any: deep })).toHaveProperty('any');
});
