/** What members of groups send: checked from the contract of the operation. */
import { actorOf } from '@foreshard/core/access';
import { ForeshardError } from '@foreshard/core/kernel';
import type { AnyOperation, InputOf } from '@foreshard/core/operations';
import type { Context } from 'hono';
import { z } from 'zod';
import type { ContractCall, Standing } from '../api/index.ts';
import { ByteBudget } from '../http/byte-budget.ts';
import { withJsonBody } from '../http/json-body.ts';

/** 10,000 positions take less. */
const BODY_BYTES_MAX = 2_000_000;

type Given = Readonly<Record<string, unknown>>;
export type Called = Pick<ContractCall<AnyOperation>, 'c' | 'standing'> & { readonly members: Given };

/** A token by its name, so that a member goes on when its token is replaced by another of that name. */
export function subjectOf({ principal }: Standing): string {
  return actorOf(principal);
}

/** What stands in the path, and the body. @throws ForeshardError body_too_large, malformed_body, invalid_parameter */
export async function inputOf<O extends AnyOperation>(
  c: Context,
  { input }: O,
  given: Given,
): Promise<InputOf<O>> {
  let schema = BODY_SCHEMAS.get(input);
  if (schema === undefined) {
    const inBody = Object.entries(input.shape).filter(([name]) => !(name in given));
    schema = z.strictObject(Object.fromEntries(inBody) as Record<string, z.ZodType>);
    BODY_SCHEMAS.set(input, schema);
  }
  return { ...given, ...(await bodyOf(c, schema)) } as InputOf<O>;
}

/** A schema is compiled when it is first used, which costs more than all the rest of a poll. */
const BODY_SCHEMAS = new WeakMap<AnyOperation['input'], z.ZodObject>();

/** @throws ForeshardError body_too_large, malformed_body, invalid_parameter */
async function bodyOf<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const limits = { bytesMax: BODY_BYTES_MAX, budget: new ByteBudget(BODY_BYTES_MAX) };
  const body = await withJsonBody(c, limits, (parsed) => parsed);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map((issue) => ({
    pointer: issue.path.map((part) => `/${String(part)}`).join(''),
    detail: issue.message,
  }));
  const detail = places.map((place) => `${place.pointer || '/'}: ${place.detail}`).join('; ');
  throw new ForeshardError('invalid_parameter', detail, { places });
}
