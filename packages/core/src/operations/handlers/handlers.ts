/** Handlers of the whole table, over one set of stores. */
import type { Handlers } from '../operation.ts';
import type { Operations } from '../table.ts';
import { type AccountStores, accountHandlers } from './account.ts';
import { type AuditStores, auditHandlers } from './audit.ts';
import { type ClusterStores, clusterHandlers } from './clusters.ts';
import { type GroupStores, groupHandlers } from './groups.ts';
import { type HintStores, hintHandlers } from './hints.ts';
import { type HostStores, hostHandlers } from './hosts.ts';
import { type JobStores, jobHandlers } from './jobs.ts';
import { migrationHandlers } from './migrations.ts';
import { type ModelStores, modelHandlers } from './models.ts';
import { type NotificationStores, notificationHandlers } from './notifications.ts';
import { type PolicyStores, policyHandlers } from './policy.ts';
import { type QuotaStores, quotaHandlers } from './quotas.ts';
import { type RecommendationStores, recommendationHandlers } from './recommendations.ts';
import { type SessionStores, sessionHandlers } from './sessions.ts';
import { type ShardletStores, shardletHandlers } from './shardlets.ts';
import { streamHandlers } from './streams.ts';
import { type TokenStores, tokenHandlers } from './tokens.ts';
import { type UserStores, userHandlers } from './users.ts';
import { type WhatIfStores, whatIfHandlers } from './what-if.ts';

type EveryStore = GroupStores &
  HostStores &
  ShardletStores &
  Omit<QuotaStores, 'tokens' | 'topology'> &
  TokenStores &
  RecommendationStores &
  PolicyStores &
  WhatIfStores &
  ModelStores &
  ClusterStores &
  HintStores &
  AuditStores &
  NotificationStores &
  UserStores &
  SessionStores &
  AccountStores;

export interface OperationStores extends EveryStore, JobStores {
  readonly wake: JobStores['wake'];
}

export function operationHandlers(stores: OperationStores): Handlers<Operations> {
  return {
    audit: auditHandlers(stores),
    groups: groupHandlers(stores),
    hosts: hostHandlers(stores),
    migrations: migrationHandlers(stores),
    quotas: quotaHandlers(stores),
    shardlets: shardletHandlers(stores),
    clusters: clusterHandlers(stores),
    hints: hintHandlers(stores),
    notifications: notificationHandlers(stores),
    recommendations: recommendationHandlers(stores),
    policy: policyHandlers(stores),
    whatIf: whatIfHandlers(stores),
    models: modelHandlers(stores),
    jobs: jobHandlers(stores),
    streams: streamHandlers(stores),
    tokens: tokenHandlers(stores),
    users: userHandlers(stores),
    sessions: sessionHandlers(stores),
    account: accountHandlers(stores),
  };
}
