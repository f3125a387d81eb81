/** Handlers of the whole table, over one set of stores. */
import { deleteStream } from '../../topology/index.ts';
import type { Handlers } from '../operation.ts';
import type { Operations } from '../table.ts';
import { type AccountStores, accountHandlers } from './account.ts';
import { type AnnotationStores, annotationHandlers } from './annotations.ts';
import { type AnticipationStores, anticipationHandlers } from './anticipation.ts';
import { type AuditStores, auditHandlers } from './audit.ts';
import { type CacheStores, cacheHandlers } from './cache.ts';
import { type CheckpointStores, checkpointHandlers } from './checkpoints.ts';
import { type ClusterStores, clusterHandlers } from './clusters.ts';
import { deadLetterHandlers, type LetterStores } from './dead-letters.ts';
import { type DemoStores, demoHandlers } from './demo.ts';
import { type GroupStores, groupHandlers } from './groups.ts';
import { type HintStores, hintHandlers } from './hints.ts';
import { type HostStores, hostHandlers } from './hosts.ts';
import { type JobStores, jobHandlers } from './jobs.ts';
import { migrationHandlers } from './migrations.ts';
import { type ModelStores, modelHandlers } from './models.ts';
import { type NotificationStores, notificationHandlers } from './notifications.ts';
import { decided, type TopologyStores } from './operator.ts';
import { type PlanStores, planHandlers } from './plans.ts';
import { type PolicyStores, policyHandlers } from './policy.ts';
import { type QuotaStores, quotaHandlers } from './quotas.ts';
import { type RecommendationStores, recommendationHandlers } from './recommendations.ts';
import { type SessionStores, sessionHandlers } from './sessions.ts';
import { type ShardletStores, shardletHandlers } from './shardlets.ts';
import { streamHandlers } from './streams.ts';
import { type TokenStores, tokenHandlers } from './tokens.ts';
import { type UserStores, userHandlers } from './users.ts';
import { type WhatIfStores, whatIfHandlers } from './what-if.ts';

type EveryStore = Omit<GroupStores, 'deleteStream'> &
  CheckpointStores &
  LetterStores &
  HostStores &
  ShardletStores &
  Omit<QuotaStores, 'tokens' | 'topology'> &
  TokenStores &
  RecommendationStores &
  PlanStores &
  PolicyStores &
  WhatIfStores &
  ModelStores &
  CacheStores &
  ClusterStores &
  HintStores &
  AnnotationStores &
  DemoStores &
  AnticipationStores &
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
    groups: groupHandlers({ ...stores, deleteStream: streamDeletion(stores) }),
    checkpoints: checkpointHandlers(stores),
    deadLetters: deadLetterHandlers(stores),
    hosts: hostHandlers(stores),
    migrations: migrationHandlers(stores),
    quotas: quotaHandlers(stores),
    shardlets: shardletHandlers(stores),
    cache: cacheHandlers(stores),
    clusters: clusterHandlers(stores),
    demo: demoHandlers(stores),
    anticipation: anticipationHandlers(stores),
    hints: hintHandlers(stores),
    annotations: annotationHandlers(stores),
    notifications: notificationHandlers(stores),
    recommendations: recommendationHandlers(stores),
    plans: planHandlers(stores),
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

/** A stream that goes with what it belongs to. */
function streamDeletion(stores: TopologyStores): GroupStores['deleteStream'] {
  return async (name, caller) => {
    const stream = (await stores.topology.snapshot()).streams.find((one) => one.name === name);
    if (stream === undefined) return;
    await decided(stores, deleteStream(stream.id), caller, 'unknown_stream');
    // a lost wake-up costs two seconds
    await stores.wake('reconcile').catch(() => {});
  };
}
