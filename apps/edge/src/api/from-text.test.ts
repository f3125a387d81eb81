import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fromText } from './from-text.ts';

const read = (schema: z.ZodType, text: string | undefined) => fromText(schema).safeParse(text);

describe('a member of an input as text', () => {
  test.each([
    [z.int().min(1), '7', 7],
    [z.int().min(1).max(9).default(5), undefined, 5],
    [z.number().positive().max(10), '2.5', 2.5],
    [z.number().min(0), '0', 0],
    [z.boolean().default(false), 'true', true],
    [z.boolean().default(false), undefined, false],
    [z.string().min(1).nullable().default(null), undefined, undefined],
    [z.string().min(1).nullable().default(null), 'a', 'a'],
    [z.enum(['a', 'b']).default('a'), undefined, 'a'],
    [z.number().positive().optional(), undefined, undefined],
  ])('%#: %s', (schema, text, value) => {
    expect(read(schema, text)).toEqual({ success: true, data: value });
  });

  test.each([
    [z.number().positive().max(10), '0'],
    [z.number().positive().max(10), '10.1'],
    [z.number().positive().max(10), '1e0'],
    [z.number().positive().max(10), ' 1'],
    [z.number().positive().max(10), ''],
    [z.int().min(1).max(9).default(5), '10'],
    [z.string().min(1).nullable().default(null), ''],
    [z.enum(['a', 'b']).default('a'), 'c'],
  ])('%#: not %s', (schema, text) => {
    expect(read(schema, text).success).toBe(false);
  });

  test('says of a number how large it may be', () => {
    const [issue] = read(z.number().positive().max(10), '11').error!.issues;
    expect(issue!.message).toBe('a number above 0 and at most 10');
  });

  test('keeps the description of what is inside', () => {
    const made = fromText(z.string().describe('inside').nullable().default(null));
    expect(z.toJSONSchema(made, { io: 'input' }).description).toBe('inside');
  });
});
