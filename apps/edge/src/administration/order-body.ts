/** The body of an order, judged whole: every wrong member is told at once. An order that needs none may come without. */
import { ForeshardError } from '@foreshard/core/kernel';
import type { Context } from 'hono';
import type { z } from 'zod';
import { escaped } from '../cloudevents/json-pointer.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { withJsonBody } from '../http/json-body.ts';

/** A thousand shardlets, named, take some kilobytes. */
const BODY_BYTES_MAX = 65_536;

/** @throws ForeshardError invalid_order, and what a body that cannot be read is told */
export function orderBody<T extends z.ZodType>(
  c: Context,
  schema: T,
  budget: ByteBudget,
): Promise<z.output<T>> {
  if (!hasBody(c)) return Promise.resolve(checked(schema, {}));
  return withJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, (body) => checked(schema, body));
}

function hasBody(c: Context): boolean {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = c.req.header();
  return type !== undefined || coding !== undefined || Number(length ?? 0) > 0;
}

function checked<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const places = result.error.issues.flatMap((issue) => {
    const members = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]];
    return members.map((more) => ({
      pointer: [...issue.path, ...more].map((part) => `/${escaped(String(part))}`).join(''),
      detail: issue.message,
    }));
  });
  throw new ForeshardError('invalid_order', places.map((place) => place.detail).join('; '), { places });
}
