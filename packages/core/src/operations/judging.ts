/** Judges an input by its contract: the same refusal, with the same places, on every surface. */
import type { z } from 'zod';
import { type ErrorCode, ForeshardError } from '../kernel/index.ts';
import { type AnyOperation, type InputOf, placementOf } from './operation.ts';

/** What a contract may call a body that its input refuses. */
const BODY_FAULTS = ['invalid_order', 'invalid_record', 'invalid_parameter'] as const;

/** @throws ForeshardError of the contract, with every place that is wrong */
export function judgedInput<O extends AnyOperation>(operation: O, given: unknown): InputOf<O> {
  return judged(operation.input, given ?? {}, faultOf(operation, given)) as InputOf<O>;
}

/** The same of members among which `dryRun` may be. @throws ForeshardError */
export function judgedCall<O extends AnyOperation>(
  operation: O,
  given: unknown,
): { readonly input: InputOf<O>; readonly dryRun: boolean } {
  if (!operation.dryRun || typeof given !== 'object' || given === null || !('dryRun' in given))
    return { input: judgedInput(operation, given), dryRun: false };
  const { dryRun, ...members } = given;
  if (typeof dryRun !== 'boolean')
    throw new ForeshardError('invalid_parameter', 'dryRun is true or false', { pointer: '/dryRun' });
  return { input: judgedInput(operation, members), dryRun };
}

/** Of what stands in a path or a query over HTTP: `invalid_parameter`, as there; of a body, what the contract says. */
function faultOf(operation: AnyOperation, given: unknown): ErrorCode {
  const first = operation.input.safeParse(given ?? {}).error?.issues[0];
  const inBody = membersOfBody(operation);
  const member = first?.path[0];
  const isInBody = member === undefined ? inBody.takesOthers : inBody.members.includes(String(member));
  return isInBody ? bodyFaultOf(operation) : 'invalid_parameter';
}

/** `takesOthers`: what nobody knows would stand there as well, as the body is a JSON of members. */
function membersOfBody(operation: AnyOperation): { members: readonly string[]; takesOthers: boolean } {
  const { body } = operation.http;
  if (body === undefined) return { members: [], takesOthers: false };
  const alone = body.whole?.member ?? (body.text?.only === true ? body.text.member : undefined);
  if (alone !== undefined) return { members: [alone], takesOthers: false };
  return { members: placementOf(operation).body, takesOthers: true };
}

export function bodyFaultOf({ errors }: AnyOperation): ErrorCode {
  return BODY_FAULTS.find((code) => errors.includes(code)) ?? 'invalid_record';
}

/** @throws ForeshardError of that code, with every place that is wrong */
export function judged<S extends z.ZodType>(schema: S, body: unknown, code: ErrorCode): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) {
    const place = placeOfNul(result.data);
    if (place === undefined) return result.data;
    throw new ForeshardError(code, 'the character U+0000 cannot be stored', { pointer: place });
  }
  const places = result.error.issues.flatMap((issue) => {
    const members = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]];
    return members.map((more) => ({
      pointer: [...issue.path, ...more].map((part) => `/${escaped(String(part))}`).join(''),
      detail: issue.message,
    }));
  });
  throw new ForeshardError(code, places.map((place) => place.detail).join('; '), { places });
}

/** PostgreSQL keeps no text with this character in it. A pointer to one; undefined: there is none. */
function placeOfNul(document: unknown): string | undefined {
  // a list of what is left, since documents may be nested deeper than calls
  const left: { readonly value: unknown; readonly pointer: string }[] = [{ value: document, pointer: '' }];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    const { value, pointer } = one;
    if (typeof value === 'string' && value.includes('\0')) return pointer;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    for (const [name, inner] of Object.entries(value)) {
      const place = `${pointer}/${escaped(name)}`;
      if (name.includes('\0')) return place;
      left.push({ value: inner, pointer: place });
    }
  }
  return undefined;
}

/** RFC 6901 */
function escaped(name: string): string {
  return name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
}
