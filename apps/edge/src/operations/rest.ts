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
const BODY_FAULTS = ['invalid_order', 'invalid_parameter'] as const;

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
      const input = await inputOf(c, contract, { ...query, ...inPath }, budget);
      return answered(c, contract, handler, input, caller);
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
  const status = statusOf(http, output, caller.dryRun);
  return status === NO_CONTENT ? c.body(null, NO_CONTENT) : c.json(output, status as 200);
}

/** @throws ForeshardError of the contract for a body that is not valid, and what a body that cannot be read is told */
async function inputOf(
  c: Context,
  contract: AnyContract,
  given: Readonly<Record<string, unknown>>,
  budget: ByteBudget,
): Promise<never> {
  const { body } = contract.http;
  const judge = (members: unknown) => judgedWith(contract, given, members) as never;
  if (body === undefined) return judge({});
  const limits = { bytesMax: body.bytesMax ?? BODY_BYTES_MAX, budget };
  if (body.text !== undefined && mediaTypeOf(c) === body.text.mediaType) {
    const { mediaType, member } = body.text;
    return withTextBody(c, mediaType, limits, (text) => judge({ [member]: text }));
  }
  return hasBody(c) ? withJsonBody(c, limits, judge) : judge({});
}

function judgedWith(contract: AnyContract, given: Readonly<Record<string, unknown>>, members: unknown) {
  const fault = BODY_FAULTS.find((code) => contract.errors.includes(code)) ?? 'invalid_record';
  if (typeof members !== 'object' || members === null || Array.isArray(members))
    return judged(contract.input, members, fault);
  const twice = Object.keys(members).filter((member) => member in given);
  if (twice.length > 0) {
    const places = twice.map((member) => ({
      pointer: `/${member}`,
      detail: `"${member}" belongs into the path or the query`,
    }));
    throw new ForeshardError(fault, places.map(({ detail }) => detail).join('; '), { places });
  }
  return judged(contract.input, { ...members, ...given }, fault);
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
  const query = placement.query.map((name) => [name, member(name)] as const);
  if (dryRun) query.push(['dryRun', fromText(dryRunField)]);
  return {
    ...{ method, path, operationId, tag, summary, description, scope: permission, errors },
    ...(params.length === 0 ? {} : { params: z.object(Object.fromEntries(params)) }),
    ...(query.length === 0 ? {} : { query: z.object(Object.fromEntries(query)) }),
    ...(http.body === undefined ? {} : { body: bodyOf(contract, placement) }),
    answers: Object.fromEntries(
      Object.entries(http.answers).map(([status, words]) => [
        status,
        Number(status) === NO_CONTENT
          ? { description: words }
          : { description: words, content: json(contract.output, http.example) },
      ]),
    ),
    ...(http.problems === undefined ? {} : { problems: problemsOf(http.problems) }),
  } as AnyOperation;
}

function bodyOf({ input, http }: AnyContract, { body: members }: Placement): AnyOperation['body'] {
  const { description, id, example, optional, text } = http.body!;
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
