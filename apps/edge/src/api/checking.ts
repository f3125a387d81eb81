/** Checks what a request brings against the schemas of its operation; every wrong place is told at once. */
import { type ErrorPlace, ForeshardError } from '@foreshard/core/kernel';
import type { z } from 'zod';

type Values = Readonly<Record<string, readonly string[]>>;

/** @throws ForeshardError invalid_parameter: also for names that are not known or given twice */
export function checkedQuery<T extends z.ZodObject>(schema: T, given: Values): z.output<T> {
  const places = repeated(given);
  const single = Object.fromEntries(Object.entries(given).map(([name, values]) => [name, values[0]]));
  return checked(schema, single, (name) => `?${name}`, places);
}

/** @throws ForeshardError invalid_parameter */
export function checkedParams<T extends z.ZodObject>(
  schema: T,
  given: Readonly<Record<string, string>>,
): z.output<T> {
  return checked(schema, given, (name) => `{${name}}`, []);
}

function repeated(given: Values): ErrorPlace[] {
  return Object.entries(given)
    .filter(([, values]) => values.length > 1)
    .map(([name]) => ({ pointer: `?${name}`, detail: `"${name}" is given more than once` }));
}

function checked<T extends z.ZodObject>(
  schema: T,
  given: Readonly<Record<string, unknown>>,
  pointerOf: (name: string) => string,
  known: readonly ErrorPlace[],
): z.output<T> {
  const result = schema.strict().safeParse(given);
  if (result.success && known.length === 0) return result.data as z.output<T>;
  const found = result.success ? [] : placesOf(result.error, schema, given, pointerOf);
  const places = [...known, ...found];
  throw new ForeshardError('invalid_parameter', places.map((place) => place.detail).join('; '), { places });
}

function placesOf(
  error: z.ZodError,
  schema: z.ZodObject,
  given: Readonly<Record<string, unknown>>,
  pointerOf: (name: string) => string,
): ErrorPlace[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((name) => ({ pointer: pointerOf(name), detail: unknownName(name, schema) }));
    const name = String(issue.path[0] ?? '');
    return [
      { pointer: pointerOf(name), detail: `${name}=${shown(given[name])}: ${issue.message} is expected` },
    ];
  });
}

function unknownName(name: string, schema: z.ZodObject): string {
  const known = Object.keys(schema.shape);
  const rest = known.length === 0 ? 'there are none here' : `there are ${known.join(', ')}`;
  return `${shown(name)} is no parameter of this route: ${rest}`;
}

/** A client's text in an answer: as long as a person would read. */
const SHOWN_CHARS_MAX = 100;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text;
}
