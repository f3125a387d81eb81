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
  if (schema instanceof z.ZodOptional) return reader(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodDefault) {
    const inner = schema.unwrap() as z.ZodType;
    const value = schema.parse(undefined);
    if (inner instanceof z.ZodBoolean) {
      invariant(value === false, 'a flag that is left out means no');
      return flag;
    }
    // a schema that reads text does not tell what is left out
    return reader(inner)
      .default(value as never)
      .meta({ schema: { default: value } });
  }
  if (schema instanceof z.ZodNumber) {
    const { minValue, maxValue } = schema;
    invariant(minValue !== null && minValue >= 0, 'a number in a path or a query has a lower bound');
    return maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER
      ? wholeNumber(minValue)
      : wholeNumber(minValue, maxValue);
  }
  if (schema instanceof z.ZodBoolean) return flag;
  return schema;
}
