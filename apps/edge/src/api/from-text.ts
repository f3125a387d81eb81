/** Members of an input as they stand in a path or a query: the same value, written as text. */
import { invariant } from '@foreshard/core/kernel';
import { z } from 'zod';
import { flag, wholeNumber } from './parameters.ts';

/** A schema that reads the text and answers what `schema` takes. */
export function fromText(schema: z.ZodType): z.ZodType {
  const { description, example } = schema.meta() ?? {};
  return reader(schema).meta({
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example }),
  });
}

function reader(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return fromText(schema.unwrap() as z.ZodType).optional();
  // a text cannot say null: it is left out
  if (schema instanceof z.ZodNullable) return fromText(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodDefault) {
    const inner = schema.unwrap() as z.ZodType;
    const value = schema.parse(undefined);
    if (inner instanceof z.ZodBoolean) {
      invariant(value === false, 'a flag that is left out means no');
      return flag;
    }
    if (value === null) return fromText(inner).optional();
    // a schema that reads text does not tell what is left out
    return fromText(inner)
      .default(value as never)
      .meta({ schema: { default: value } });
  }
  if (schema instanceof z.ZodNumber) {
    if (!schema.isInt) return decimal(schema);
    const { minValue, maxValue } = schema;
    invariant(minValue !== null && minValue >= 0, 'a number in a path or a query has a lower bound');
    return maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER
      ? wholeNumber(minValue)
      : wholeNumber(minValue, maxValue);
  }
  if (schema instanceof z.ZodBoolean) return flag;
  return schema;
}

function decimal(schema: z.ZodNumber): z.ZodType {
  const { $schema: _, ...made } = z.toJSONSchema(schema);
  const { minimum, exclusiveMinimum = 0, maximum } = made;
  const from = minimum === undefined ? `above ${exclusiveMinimum}` : `of at least ${minimum}`;
  return z
    .string()
    .refine(
      (text) => /^\d{1,16}(\.\d{1,16})?$/.test(text) && schema.safeParse(Number(text)).success,
      `a number ${from}${maximum === undefined ? '' : ` and at most ${maximum}`}`,
    )
    .transform(Number)
    .meta({ schema: made });
}
