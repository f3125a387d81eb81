/** The body of an order, judged whole: every wrong member is told at once. An order that needs none may come without. */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { ByteBudget } from '../http/byte-budget.ts';
import { judged, withJsonBody } from '../http/json-body.ts';

/** A thousand shardlets, named, take some kilobytes. */
const BODY_BYTES_MAX = 65_536;

/** @throws ForeshardError invalid_order, and what a body that cannot be read is told */
export function orderBody<T extends z.ZodType>(
  c: Context,
  schema: T,
  budget: ByteBudget,
): Promise<z.output<T>> {
  if (!hasBody(c)) return Promise.resolve(judged(schema, {}, 'invalid_order'));
  return withJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, (body) =>
    judged(schema, body, 'invalid_order'),
  );
}

function hasBody(c: Context): boolean {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = c.req.header();
  return type !== undefined || coding !== undefined || Number(length ?? 0) > 0;
}
