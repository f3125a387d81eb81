/** REST routes derived from the table of operations: their input is judged by the contract, path, query and body. */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation as AnyContract,
  allOperations,
  bodyFaultOf,
  type Caller,
  callerOf,
  type Handler,
  judged,
  judgedInput,
  type OperationTable,
  type Placement,
  placementOf,
  statusOf,
  type TextBody,
} from '@foreshard/core/operations';
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { hasBody, mediaTypeOf, requireNoBody, withJsonBody, withTextBody } from '../http/json-body.ts';
import type { BoundOperations } from './bound.ts';
import { originOf } from './origin.ts';

/** A thousand shardlets, named, take some kilobytes. */
const BODY_BYTES_MAX = 65_536;
const NO_CONTENT = 204;

export interface OperationRoutes {
  readonly bound: BoundOperations<OperationTable>;
  readonly budget: ByteBudget;
}

export function mountOperations(api: Api, { bound, budget }: OperationRoutes): void {
  for (const contract of allOperations(bound.table)) {
    const handler = bound.handlerOf(contract);
    const placement = placementOf(contract);
    api.serve(
      contract,
      async ({ c, members: given, standing, dryRun }) => {
        const caller = callerOf(standing.principal, originOf(c, standing.bearer.client), dryRun);
        return withInput(c, { contract, placement, given, budget }, (input) =>
          answered(c, contract, handler, input, caller),
        );
      },
      async (c) => {
        const standing = await api.authenticate(c);
        await bound.requireMentioned(
          contract,
          callerOf(standing.principal, originOf(c, standing.bearer.client)),
        );
        return standing;
      },
    );
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
  if (body === undefined) {
    await requireNoBody(c, { bytesMax: BODY_BYTES_MAX, budget });
    return use(judgedWith(contract, given, {}));
  }
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
  const fault = bodyFaultOf(contract);
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
  return judgedInput(contract, { ...members, ...given }) as never;
}
