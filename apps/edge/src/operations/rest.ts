/** REST routes derived from the table of operations: their input is judged by the contract, path, query and body. */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation as AnyContract,
  allOperations,
  bodyFaultOf,
  type Caller,
  type Handler,
  judged,
  judgedInput,
  type OperationTable,
  statusOf,
} from '@foreshard/core/operations';
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { mediaTypeOf, withJsonBody, withTextBody } from '../http/json-body.ts';
import type { BoundOperations } from './bound.ts';

/** A thousand shardlets, named, take some kilobytes. */
const BODY_BYTES_MAX = 65_536;
const NO_CONTENT = 204;

export interface OperationRoutes {
  readonly bound: BoundOperations<OperationTable>;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
}

export function mountOperations(api: Api, { bound, budget, actorOf }: OperationRoutes): void {
  for (const contract of allOperations(bound.table)) {
    const handler = bound.handlerOf(contract);
    api.serve(contract, async ({ c, members, dryRun }) => {
      const caller = { actor: actorOf(c.req.header('authorization')), dryRun };
      const input = await inputOf(c, contract, members, budget);
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
  const fault = bodyFaultOf(contract);
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
  return judgedInput(contract, { ...members, ...given });
}

function hasBody(c: Context): boolean {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = c.req.header();
  return type !== undefined || coding !== undefined || Number(length ?? 0) > 0;
}
