/**
 * REST routes derived from the table of operations: path and query are read as texts of what the contract's input
 * expects, the body is judged by it, and the description says the same.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation as AnyContract,
  allOperations,
  type Caller,
  type Handler,
  type OperationTable,
  type Placement,
  placementOf,
  statusOf,
  type TextBody,
} from '@foreshard/core/operations';
import type { Context } from 'hono';
import { z } from 'zod';
import { type AnyOperation, type Api, json } from '../api/index.ts';
import { problemSchema } from '../cloudevents/schema.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { judged, mediaTypeOf, withJsonBody, withTextBody } from '../http/json-body.ts';
import type { BoundOperations } from './bound.ts';
import { fromText } from './from-text.ts';

/** A thousand shardlets, named, take some kilobytes. */
const BODY_BYTES_MAX = 65_536;
const NO_CONTENT = 204;
/** what a contract may call a body that its input refuses; else `invalid_record` */
const BODY_FAULTS = ['invalid_order', 'invalid_record', 'invalid_parameter'] as const;

export interface OperationRoutes {
  readonly bound: BoundOperations<OperationTable>;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
}

export function mountOperations(api: Api, { bound, budget, actorOf }: OperationRoutes): void {
  for (const contract of allOperations(bound.table)) {
    const handler = bound.handlerOf(contract);
    const placement = placementOf(contract);
    api.mount(described(contract, placement), async ({ c, params, query: { dryRun = false, ...query } }) => {
      const caller = { actor: actorOf(c.req.header('authorization')), dryRun: dryRun === true };
      const inPath = Object.fromEntries([...placement.path].map(([name, member]) => [member, params[name]]));
      const inQuery = Object.fromEntries([...placement.query].map(([name, member]) => [member, query[name]]));
      const given = { ...inQuery, ...inPath };
      return withInput(c, { contract, placement, given, budget }, (input) =>
        answered(c, contract, handler, input, caller),
      );
    });
  }
}

async function answered(
  c: Context,
  { http }: AnyContract,
  handler: Handler<AnyContract>,
  input: never,
  caller: Caller,
): Promise<Response> {
  const output = await handler(input, caller);
  for (const [name, field] of Object.entries(http.headers ?? {})) c.header(name, field.of(output));
  const status = statusOf(http, output, caller.dryRun);
  return status === NO_CONTENT ? c.body(null, NO_CONTENT) : c.json(output, status as 200);
}

interface Incoming {
  readonly contract: AnyContract;
  readonly placement: Placement;
  /** members in the path and the query */
  readonly given: Readonly<Record<string, unknown>>;
  readonly budget: ByteBudget;
}

/**
 * Hands the input to `use`, and counts the bytes of its body as long as that takes.
 * @throws ForeshardError of the contract for a body that is not valid, and what a body that cannot be read is told
 */
async function withInput(
  c: Context,
  { contract, placement, given, budget }: Incoming,
  use: (input: never) => Promise<Response>,
): Promise<Response> {
  const { body } = contract.http;
  if (body === undefined) return use(judgedWith(contract, given, {}));
  const { text, bytesMax = BODY_BYTES_MAX } = body;
  if (text !== undefined && (text.only === true || mediaTypeOf(c) === text.mediaType)) {
    const limits = { bytesMax: text.bytesMax ?? bytesMax, budget };
    return withTextBody(c, text.mediaType, limits, (content) =>
      use(judgedWith(contract, given, { [text.member]: content })),
    ).catch((error: unknown) => {
      throw placedInText(error, text);
    });
  }
  // beside JSON they are members of that
  const beside = Object.fromEntries(
    Object.entries(given).filter(([member]) => !placement.besideText.includes(member)),
  );
  const judge = (members: unknown) => use(judgedWith(contract, beside, members));
  return hasBody(c) ? withJsonBody(c, { bytesMax, budget }, judge) : judge({});
}

/** Places as they are in a request whose body is a text: its lines, and the members in the query. */
function placedInText(error: unknown, text: TextBody): unknown {
  if (!(error instanceof ForeshardError)) return error;
  const { code, message, pointer, places, more, retryAfterSeconds, headers, cause } = error;
  const placed = (at: string, line?: number) => {
    if (at === `/${text.member}`) return line === undefined ? '' : `line ${line}`;
    return text.query?.includes(at.slice(1)) === true ? `?${at.slice(1)}` : at;
  };
  return new ForeshardError(code, message, {
    ...{ more, retryAfterSeconds, headers, cause },
    pointer: pointer === undefined ? undefined : placed(pointer),
    places: places?.map(({ pointer: at, detail, line }) => ({ pointer: placed(at, line), detail })),
  });
}

function judgedWith(
  contract: AnyContract,
  given: Readonly<Record<string, unknown>>,
  members: unknown,
): never {
  const fault = BODY_FAULTS.find((code) => contract.errors.includes(code)) ?? 'invalid_record';
  if (typeof members !== 'object' || members === null || Array.isArray(members))
    return judged(contract.input, members, fault) as never;
  const twice = Object.keys(members).filter((member) => member in given);
  if (twice.length > 0) {
    const places = twice.map((member) => ({
      pointer: `/${member}`,
      detail: `"${member}" belongs into the path or the query`,
    }));
    throw new ForeshardError(fault, places.map(({ detail }) => detail).join('; '), { places });
  }
  return judged(contract.input, { ...members, ...given }, fault) as never;
}

function hasBody(c: Context): boolean {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = c.req.header();
  return type !== undefined || coding !== undefined || Number(length ?? 0) > 0;
}

const dryRunField = z.boolean().default(false).describe('tell what would be decided, and change nothing');

/** The contract as the API describes and checks it. */
export function described(contract: AnyContract, placement = placementOf(contract)): AnyOperation {
  const { http, permission, errors, dryRun } = contract;
  const { method, path, operationId, tag, summary, description } = http;
  const member = (name: string) => fromText(contract.input.shape[name] as z.ZodType);
  const params = [...placement.path].map(([name, inInput]) => [name, member(inInput)] as const);
  const query = [...placement.query].map(([name, inInput]) => [name, member(inInput)] as const);
  if (dryRun) query.push(['dryRun', fromText(dryRunField)]);
  return {
    ...{ method, path, operationId, tag, summary, description, scope: permission, errors },
    ...(params.length === 0 ? {} : { params: z.object(Object.fromEntries(params)) }),
    ...(query.length === 0 ? {} : { query: z.object(Object.fromEntries(query)) }),
    ...(http.body === undefined ? {} : { body: bodyOf(contract, placement) }),
    answers: Object.fromEntries(
      Object.entries(http.answers).map(([status, description], i) => [
        status,
        {
          description,
          ...(Number(status) === NO_CONTENT ? {} : { content: json(contract.output, http.example) }),
          ...(i > 0 || http.headers === undefined ? {} : { headers: fieldsOf(http.headers) }),
        },
      ]),
    ),
    ...(http.problems === undefined ? {} : { problems: problemsOf(http.problems) }),
  } as AnyOperation;
}

function fieldsOf(headers: NonNullable<AnyContract['http']['headers']>) {
  const schema = (description: string) => z.string().describe(description);
  return Object.fromEntries(
    Object.entries(headers).map(([name, { description }]) => [name, schema(description)]),
  );
}

function bodyOf({ input, http }: AnyContract, { body: members }: Placement): AnyOperation['body'] {
  const { description, id, example, optional, text } = http.body!;
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
