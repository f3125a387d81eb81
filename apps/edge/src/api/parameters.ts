/** Schemas of what stands in paths, queries and header fields: text that means something else. */
import { z } from 'zod';

/** A whole number below 2^53, in digits only: neither "1e3" nor " 1". */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const expected =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
  return z
    .string()
    .refine((text) => /^\d{1,16}$/.test(text) && Number(text) >= min && Number(text) <= max, expected)
    .transform(Number)
    .meta({
      schema: {
        type: 'integer',
        minimum: min,
        ...(max < Number.MAX_SAFE_INTEGER ? { maximum: max } : {}),
      },
    });
}

/** Left out: no. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
