/** Procedures of tRPC derived from the table of operations, with the types of their contracts. */
import { ERRORS, type ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation,
  callerOf,
  judgedCall,
  OPERATIONS,
  type Operation,
  type OperationTable,
  TRPC_CODES,
} from '@foreshard/core/operations';
import { asForeshardError } from '@foreshard/core/operations/handlers';
import { TRPCError, type TRPCMutationProcedure, type TRPCQueryProcedure } from '@trpc/server';
import { z } from 'zod';
import { edgeRefusal } from '../edge/refused-by-edge.ts';
import { originOf } from '../identity/identify.ts';
import { asking, giving, router, type SignedInContext } from '../trpc.ts';

type Members<O extends AnyOperation> = z.input<O['input']> & { readonly dryRun?: boolean | undefined };
/** Nothing need be sent where every member may be left out. */
type Sent<O extends AnyOperation> =
  Record<never, never> extends z.input<O['input']> ? Members<O> | undefined : Members<O>;
type Definition<O extends AnyOperation> = { meta: object; input: Sent<O>; output: z.output<O['output']> };
type ProcedureOf<O extends AnyOperation> =
  O extends Operation<'query'> ? TRPCQueryProcedure<Definition<O>> : TRPCMutationProcedure<Definition<O>>;
type OperationRouters<T extends OperationTable> = {
  readonly [R in keyof T]: { readonly [N in keyof T[R]]: ProcedureOf<T[R][N]> };
};

export const operationsRouter = router(operationRouters(OPERATIONS));

function operationRouters<T extends OperationTable>(table: T): OperationRouters<T> {
  const routers = Object.entries(table).map(([name, operations]) => [
    name,
    router(Object.fromEntries(Object.entries(operations).map(([one, made]) => [one, procedureOf(made)]))),
  ]);
  return Object.fromEntries(routers);
}

function procedureOf(operation: AnyOperation) {
  const { kind, output, permission } = operation;
  const resolve = ({ ctx, input }: { ctx: SignedInContext; input: unknown }) =>
    carriedOut(ctx, operation, input);
  if (kind === 'query') return asking(permission).input(z.unknown()).output(output).query(resolve);
  return giving(permission).input(z.unknown()).output(output).mutation(resolve);
}

async function carriedOut(
  { server, headers, identity }: SignedInContext,
  operation: AnyOperation,
  given: unknown,
): Promise<unknown> {
  const { principal, sessionId } = identity;
  const origin = originOf(headers, server.proxies, sessionId);
  try {
    // as at the edge, whoever may not call it at all learns nothing about the input
    await server.operations.requireMentioned(operation, callerOf(principal, origin));
    const { input, dryRun } = judgedCall(operation, given);
    const answer = await server.operations.run(operation, input, callerOf(principal, origin, dryRun));
    // the page that follows shows what was decided
    if (operation.kind === 'command' && !dryRun) await server.map.catchUp().catch(() => {});
    return answer;
  } catch (error) {
    throw edgeRefusal(error) ?? asTrpcError(asForeshardError(error));
  }
}

/** By name: each route has its own copy of the class. */
function asTrpcError(error: unknown): unknown {
  if ((error as Error).name !== 'ForeshardError') return error;
  const { code, places = [] } = error as ForeshardError;
  const lines = places.flatMap(({ line, detail }) => (line === undefined ? [] : [`line ${line}: ${detail}`]));
  const message = [(error as Error).message, ...lines].join('\n');
  return new TRPCError({ code: TRPC_CODES[ERRORS[code].status], message, cause: error });
}
