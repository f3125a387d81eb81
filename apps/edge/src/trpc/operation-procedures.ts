/** Procedures of tRPC derived from the table of operations, with the types of their contracts. */
import {
  type AnyOperation,
  callerOf,
  judgedCall,
  type Operation,
  type OperationTable,
} from '@foreshard/core/operations';
import type { TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import { z } from 'zod';
import { asProblem } from './errors.ts';
import { known, t } from './procedure.ts';

type Members<O extends AnyOperation> = z.input<O['input']> & { readonly dryRun?: boolean | undefined };
/** Nothing need be sent where every member may be left out. */
type Sent<O extends AnyOperation> =
  Record<never, never> extends z.input<O['input']> ? Members<O> | undefined : Members<O>;
type Definition<O extends AnyOperation> = { meta: object; input: Sent<O>; output: z.output<O['output']> };
type ProcedureOf<O extends AnyOperation> =
  O extends Operation<'query'> ? TRPCQueryProcedure<Definition<O>> : TRPCMutationProcedure<Definition<O>>;

/** One router for each router of the table. */
export type OperationRouters<T extends OperationTable> = {
  readonly [R in keyof T]: { readonly [N in keyof T[R]]: ProcedureOf<T[R][N]> };
};

export function operationRouters<T extends OperationTable>(table: T): OperationRouters<T> {
  const routers = Object.entries(table).map(([name, router]) => [
    name,
    t.router(Object.fromEntries(Object.entries(router).map(([one, contract]) => [one, made(contract)]))),
  ]);
  return Object.fromEntries(routers);
}

function made(contract: AnyOperation) {
  const { kind, output } = contract;
  const described = known.input(z.unknown()).output(output);
  const resolve: Parameters<typeof described.query>[0] = async ({ ctx, input: given }) => {
    try {
      const { principal, origin, operations } = ctx;
      await operations.requireMentioned(contract, callerOf(principal, origin));
      const { input, dryRun } = judgedCall(contract, given);
      return await operations.handlerOf(contract)(input, callerOf(principal, origin, dryRun));
    } catch (error) {
      throw asProblem(error, ctx.trace);
    }
  };
  return kind === 'query' ? described.query(resolve) : described.mutation(resolve);
}
