/**
 * A contract of the table as the API describes and checks it: path, query and header are read as texts of what the
 * contract expects.
 */
import {
  type AnyOperation as AnyContract,
  type Placement,
  placementOf,
  problemSchema,
} from '@foreshard/core/operations';
import { z } from 'zod';
import { fromText } from './from-text.ts';
import { type AnyOperation, json } from './operation.ts';

const NO_CONTENT = 204;

const dryRunField = z.boolean().default(false).describe('tell what would be decided, and change nothing');

export function described(contract: AnyContract, placement = placementOf(contract)): AnyOperation {
  const { http, permission, errors, dryRun } = contract;
  const { method, path, operationId, tag, summary, description } = http;
  const member = (name: string) => fromText(contract.input.shape[name] as z.ZodType);
  const params = [...placement.path].map(([name, inInput]) => [name, present(member(inInput))] as const);
  const query = placement.query.map((name) => [name, member(name)] as const);
  if (dryRun) query.push(['dryRun', fromText(dryRunField)]);
  return {
    ...{ method, path, operationId, tag, summary, description, scope: permission, errors },
    ...(params.length === 0 ? {} : { params: z.object(Object.fromEntries(params)) }),
    ...(query.length === 0 ? {} : { query: z.object(Object.fromEntries(query)) }),
    ...(http.requestHeaders === undefined ? {} : { headers: headersOf(http.requestHeaders) }),
    ...(http.body === undefined ? {} : { body: bodyOf(contract, placement) }),
    answers: answersOf(contract),
    ...(http.problems === undefined ? {} : { problems: problemsOf(http.problems) }),
  } as AnyOperation;
}

/** What stands in a path is never left out. */
function present(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
}

function headersOf({ shape }: z.ZodObject): z.ZodObject {
  return z.object(
    Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, fromText(field as z.ZodType)])),
  );
}

function answersOf({ output, http }: AnyContract): AnyOperation['answers'] {
  return Object.fromEntries(
    Object.entries(http.answers).map(([status, answer]) => {
      if (typeof answer !== 'string') return [status, answer];
      if (Number(status) === NO_CONTENT) return [status, { description: answer }];
      return [status, { description: answer, content: json(output, http.example) }];
    }),
  );
}

function bodyOf({ input, http }: AnyContract, { body: members }: Placement): AnyOperation['body'] {
  const { description, id, example, optional, text, whole } = http.body!;
  if (whole !== undefined) return { description, content: whole.content };
  const isWhole = members.length === Object.keys(input.shape).length;
  const schema = isWhole
    ? input
    : z.strictObject(Object.fromEntries(members.map((m) => [m, input.shape[m] as z.ZodType])));
  return {
    description,
    content: {
      ...json(id === undefined ? schema : schema.meta({ id }), example),
      ...(text === undefined ? {} : { [text.mediaType]: { schema: z.string(), example: text.example } }),
    },
    ...(optional === true ? { optional } : {}),
  };
}

function problemsOf(more: NonNullable<AnyContract['http']['problems']>): AnyOperation['problems'] {
  const made = new Map<object, z.ZodType>();
  return Object.fromEntries(
    Object.entries(more).map(([status, problem]) => {
      const { id, description, members } = problem!;
      const schema = made.get(problem!) ?? problemSchema.extend(members.shape).meta({ id, description });
      made.set(problem!, schema);
      return [status, schema];
    }),
  );
}
