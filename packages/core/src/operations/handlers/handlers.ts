/** Handlers of the whole table, over one set of stores. */
import type { Handlers } from '../operation.ts';
import type { Operations } from '../table.ts';
import { type HostStores, hostHandlers } from './hosts.ts';
import { migrationHandlers } from './migrations.ts';
import { type ShardletStores, shardletHandlers } from './shardlets.ts';

export interface OperationStores extends HostStores, ShardletStores {}

export function operationHandlers(stores: OperationStores): Handlers<Operations> {
  return {
    hosts: hostHandlers(stores),
    migrations: migrationHandlers(stores),
    shardlets: shardletHandlers(stores),
  };
}
