/**
 * What operations of the table do at the console: the same handlers and refusals as at the edge. What needs a path to
 * hosts is carried out by an edge, as the console has none.
 */
import {
  type AnyOperation,
  checkpoints,
  deadLetters,
  groups,
  type Handler,
  type Handlers,
  hosts,
  type Operations,
  shardlets,
} from '@foreshard/core/operations';
import {
  accountHandlers,
  annotationHandlers,
  anticipationHandlers,
  auditHandlers,
  cacheHandlers,
  clusterHandlers,
  demoHandlers,
  hintHandlers,
  hostHandlers,
  jobHandlers,
  migrationHandlers,
  modelHandlers,
  notificationHandlers,
  type OperationStores,
  planHandlers,
  policyHandlers,
  quotaHandlers,
  recommendationHandlers,
  sessionHandlers,
  shardletHandlers,
  streamHandlers,
  tokenHandlers,
  userHandlers,
  whatIfHandlers,
} from '@foreshard/core/operations/handlers';
import type { z } from 'zod';
import type { EdgeClient } from '../edge/edge-client.ts';

/** What a handler is given here; the rest needs hosts. */
type OfEdges =
  | 'groups'
  | 'checkpoints'
  | 'measuredRecoveries'
  | 'upkeep'
  | 'drill'
  | 'ruleHistory'
  | 'breathe'
  | 'groupService'
  | 'groupProgress'
  | 'arrivals'
  | 'letters'
  | 'oldestEvent'
  | 'map';
export type ConsoleStores = Omit<OperationStores, 'onRun' | 'onHost' | 'admit' | 'nowMs' | OfEdges>;

export function consoleHandlers(stores: ConsoleStores, edge: EdgeClient): Handlers<Operations> {
  const all: Omit<OperationStores, OfEdges> = {
    ...stores,
    nowMs: Date.now,
    ...{ onRun: noHosts, onHost: noHosts, admit: noHosts },
  };
  const atEdge =
    <O extends AnyOperation>(operation: O): Handler<O> =>
    (input, { dryRun, principal, origin }) =>
      edge.as(principal, origin).operate(operation, input as z.input<O['input']>, dryRun);
  return {
    audit: auditHandlers(all),
    groups: {
      ...{ create: atEdge(groups.create), push: atEdge(groups.push), list: atEdge(groups.list) },
      ...{ summaries: atEdge(groups.summaries), show: atEdge(groups.show), remove: atEdge(groups.remove) },
    },
    checkpoints: {
      ...{ list: atEdge(checkpoints.list), show: atEdge(checkpoints.show) },
      ...{ verify: atEdge(checkpoints.verify), remove: atEdge(checkpoints.remove) },
      ...{ prune: atEdge(checkpoints.prune), alter: atEdge(checkpoints.alter) },
      recoveries: atEdge(checkpoints.recoveries),
      ...{ drill: atEdge(checkpoints.drill), effect: atEdge(checkpoints.effect) },
    },
    deadLetters: {
      ...{ list: atEdge(deadLetters.list), show: atEdge(deadLetters.show) },
      ...{ redrive: atEdge(deadLetters.redrive), discard: atEdge(deadLetters.discard) },
      restore: atEdge(deadLetters.restore),
    },
    hosts: { ...hostHandlers(all), add: atEdge(hosts.add), loss: atEdge(hosts.loss) },
    jobs: jobHandlers(all),
    migrations: migrationHandlers(all),
    models: modelHandlers(all),
    plans: planHandlers(all),
    policy: policyHandlers(all),
    quotas: quotaHandlers(all),
    recommendations: recommendationHandlers(all),
    shardlets: { ...shardletHandlers(all), split: atEdge(shardlets.split) },
    cache: cacheHandlers(all),
    clusters: clusterHandlers(all),
    demo: demoHandlers(all),
    anticipation: anticipationHandlers(all),
    hints: hintHandlers(all),
    annotations: annotationHandlers(all),
    notifications: notificationHandlers(all),
    streams: streamHandlers(all),
    tokens: tokenHandlers(all),
    whatIf: whatIfHandlers(all),
    users: userHandlers(all),
    sessions: sessionHandlers(all),
    account: accountHandlers(all),
  };
}

async function noHosts(): Promise<never> {
  throw new Error('the console has no path to hosts: this operation belongs to an edge');
}
