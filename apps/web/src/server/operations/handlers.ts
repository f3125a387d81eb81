/**
 * What operations of the table do at the console: the same handlers and refusals as at the edge. What needs a path to
 * hosts is carried out by an edge, as the console has none.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation,
  groups,
  type Handler,
  type Handlers,
  hosts,
  type Operations,
  shardlets,
} from '@foreshard/core/operations';
import {
  clusterHandlers,
  hintHandlers,
  hostHandlers,
  jobHandlers,
  migrationHandlers,
  modelHandlers,
  notificationHandlers,
  type OperationStores,
  policyHandlers,
  quotaHandlers,
  recommendationHandlers,
  shardletHandlers,
  streamHandlers,
  tokenHandlers,
  whatIfHandlers,
} from '@foreshard/core/operations/handlers';
import type { z } from 'zod';
import type { EdgeClient } from '../edge/edge-client.ts';

/** What a handler is given here; the rest needs hosts. */
export type ConsoleStores = Omit<
  OperationStores,
  'onRun' | 'onHost' | 'admit' | 'nowMs' | 'groups' | 'groupService' | 'map'
>;

export function consoleHandlers(stores: ConsoleStores, edge: EdgeClient): Handlers<Operations> {
  const all: Omit<OperationStores, 'groups' | 'groupService' | 'map'> = {
    ...stores,
    nowMs: Date.now,
    ...{ onRun: noHosts, onHost: noHosts, admit: noHosts },
  };
  const atEdge =
    <O extends AnyOperation>(operation: O): Handler<O> =>
    (input, { dryRun }) =>
      edge.operate(operation, input as z.input<O['input']>, dryRun);
  return {
    groups: {
      ...{ create: atEdge(groups.create), list: atEdge(groups.list) },
      ...{ show: atEdge(groups.show), remove: atEdge(groups.remove) },
    },
    hosts: { ...hostHandlers(all), add: atEdge(hosts.add), loss: atEdge(hosts.loss) },
    jobs: jobHandlers(all),
    migrations: migrationHandlers(all),
    models: modelHandlers(all),
    policy: policyHandlers(all),
    quotas: quotaHandlers(all),
    recommendations: recommendationHandlers(all),
    shardlets: { ...shardletHandlers(all), split: atEdge(shardlets.split) },
    clusters: clusterHandlers(all),
    hints: hintHandlers(all),
    notifications: notificationHandlers(all),
    streams: streamHandlers(all),
    tokens: { ...tokenHandlers(all), create: createNoToken, rotate: createNoToken },
    whatIf: whatIfHandlers(all),
  };
}

async function noHosts(): Promise<never> {
  throw new Error('the console has no path to hosts: this operation belongs to an edge');
}

/** The console asks nobody who they are: whoever reaches it would get a token that opens every edge. */
async function createNoToken(): Promise<never> {
  throw new ForeshardError(
    'forbidden',
    'The console creates no tokens. Use "foreshard tokens create", or POST /v1/tokens of an edge.',
  );
}
