import { expect, it } from 'vitest';
import { z } from 'zod';
import { ForeshardError } from '../kernel/index.ts';
import { hosts } from './hosts.ts';
import { judged, judgedCall } from './judging.ts';
import { migrations } from './migrations.ts';
import type { AnyOperation } from './operation.ts';

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

/** The code by which an input is refused, and the first place. */
function refusal(operation: AnyOperation, given: unknown): unknown {
  try {
    return judgedCall(operation, given);
  } catch (error) {
    const { code, pointer, places } = error as ForeshardError;
    return [code, pointer ?? places?.[0]?.pointer];
  }
}

it('takes an input with its defaults, and dryRun where the operation can be tried', () => {
  expect(judgedCall(migrations.list, undefined)).toEqual({
    input: { ended: false, limit: 100 },
    dryRun: false,
  });
  expect(judgedCall(hosts.drain, { host: 1, dryRun: true })).toEqual({ input: { host: 1 }, dryRun: true });
});

it.each([
  ['a query', hosts.list, { nonsense: 1 }, 'invalid_parameter', '/nonsense'],
  ['a query that cannot be tried', hosts.list, { dryRun: true }, 'invalid_parameter', '/dryRun'],
  ['an order without a body', hosts.drain, { host: 1, nonsense: 1 }, 'invalid_parameter', '/nonsense'],
  ['the body of an order', hosts.describe, { host: 1, nonsense: 1 }, 'invalid_order', '/nonsense'],
  ['the path of an order with a body', hosts.describe, { host: 'x' }, 'invalid_parameter', '/host'],
  ['dryRun', hosts.drain, { host: 1, dryRun: 'yes' }, 'invalid_parameter', '/dryRun'],
  ['something that has no members', hosts.describe, 'nonsense', 'invalid_order', ''],
])('refuses what is wrong in %s as REST does', (_, operation, given, code, pointer) => {
  expect(refusal(operation, given)).toEqual([code, pointer]);
});
