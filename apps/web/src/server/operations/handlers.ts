/**
 * What operations of the table do at the console: the same handlers and refusals as at the edge. What needs a path to
 * hosts is carried out by an edge, as the console has none.
 */
import {
  type AnyOperation,
  type Handler,
  type Handlers,
  hosts,
  type Operations,
  shardlets,
} from '@foreshard/core/operations';
import {
  hostHandlers,
  type OperationStores,
  operationHandlers,
  shardletHandlers,
} from '@foreshard/core/operations/handlers';
import type { z } from 'zod';
import type { EdgeClient } from '../edge/edge-client.ts';

/** What a handler is given here; the rest needs hosts. */
export type ConsoleStores = Omit<OperationStores, 'onRun' | 'onHost' | 'admit' | 'nowMs'>;

export function consoleHandlers(stores: ConsoleStores, edge: EdgeClient): Handlers<Operations> {
  const all: OperationStores = {
    ...stores,
    nowMs: Date.now,
    ...{ onRun: noHosts, onHost: noHosts, admit: noHosts },
  };
  const atEdge =
    <O extends AnyOperation>(operation: O): Handler<O> =>
    (input, { dryRun }) =>
      edge.operate(operation, input as z.input<O['input']>, dryRun);
  return {
    ...operationHandlers(all),
    hosts: { ...hostHandlers(all), add: atEdge(hosts.add), loss: atEdge(hosts.loss) },
    shardlets: { ...shardletHandlers(all), split: atEdge(shardlets.split) },
  };
}

async function noHosts(): Promise<never> {
  throw new Error('the console has no path to hosts: this operation belongs to an edge');
}
