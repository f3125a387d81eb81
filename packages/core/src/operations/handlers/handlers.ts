/** Handlers of the whole table, over one set of stores. */
import type { Handlers } from '../operation.ts';
import type { Operations } from '../table.ts';
import { type ClusterStores, clusterHandlers } from './clusters.ts';
import { type HintStores, hintHandlers } from './hints.ts';
import { type HostStores, hostHandlers } from './hosts.ts';
import { migrationHandlers } from './migrations.ts';
import { type NotificationStores, notificationHandlers } from './notifications.ts';
import { type ShardletStores, shardletHandlers } from './shardlets.ts';

export type OperationStores = HostStores & ShardletStores & ClusterStores & HintStores & NotificationStores;

export function operationHandlers(stores: OperationStores): Handlers<Operations> {
  return {
    hosts: hostHandlers(stores),
    migrations: migrationHandlers(stores),
    shardlets: shardletHandlers(stores),
    clusters: clusterHandlers(stores),
    hints: hintHandlers(stores),
    notifications: notificationHandlers(stores),
  };
}
