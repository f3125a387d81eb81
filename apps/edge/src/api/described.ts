/**
 * A contract of the table as the API describes and checks it: path, query and header are read as texts of what the
 * contract expects.
 */
import {
  type AnyOperation as AnyContract,
  type Placement,
  placementOf,
  problemSchema,
  type TextBody,
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
  const query = [...placement.query].map(([name, inInput]) => [name, member(inInput)] as const);
  if (dryRun) query.push(['dryRun', fromText(dryRunField)]);
  return {
    ...{ method, path, operationId, tag, summary, description, permission, errors },
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
    Object.entries(http.answers).map(([status, answer], i) => {
      if (typeof answer !== 'string') return [status, answer];
      const content = Number(status) === NO_CONTENT ? {} : { content: json(output, http.example) };
      const headers = i > 0 || http.headers === undefined ? {} : { headers: fieldsOf(http.headers) };
      return [status, { description: answer, ...content, ...headers }];
    }),
  );
}

function fieldsOf(headers: NonNullable<AnyContract['http']['headers']>) {
  const schema = (description: string) => z.string().describe(description);
  return Object.fromEntries(
    Object.entries(headers).map(([name, { description }]) => [name, schema(description)]),
  );
}

function bodyOf({ input, http }: AnyContract, { body: members }: Placement): AnyOperation['body'] {
  const { description, id, example, optional, text, whole } = http.body!;
  if (whole !== undefined) return { description, content: whole.content };
  return {
    description,
    content: {
      ...(text === undefined ? {} : { [text.mediaType]: textContent(input, text) }),
      ...(text?.only === true ? {} : json(membersOf(input, members, id), example)),
    },
    ...(optional === true ? { optional } : {}),
  };
}

function membersOf(input: z.ZodObject, members: readonly string[], id: string | undefined): z.ZodType {
  if (members.length === Object.keys(input.shape).length) return input;
  const schema = z.strictObject(Object.fromEntries(members.map((m) => [m, input.shape[m] as z.ZodType])));
  return id === undefined ? schema : schema.meta({ id });
}

function textContent(input: z.ZodObject, { member, description, example }: TextBody) {
  const { maxLength } = z.toJSONSchema(input.shape[member] as z.ZodType, { io: 'input' });
  const schema = maxLength === undefined ? z.string() : z.string().max(maxLength);
  return { schema: schema.describe(description), example };
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
