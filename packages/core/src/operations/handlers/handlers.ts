/** Handlers of the whole table, over one set of stores. */
import type { Handlers } from '../operation.ts';
import type { Operations } from '../table.ts';
import { type GroupStores, groupHandlers } from './groups.ts';
import { type HostStores, hostHandlers } from './hosts.ts';
import { migrationHandlers } from './migrations.ts';
import { type QuotaStores, quotaHandlers } from './quotas.ts';
import { type ShardletStores, shardletHandlers } from './shardlets.ts';
import { streamHandlers } from './streams.ts';
import { type TokenStores, tokenHandlers } from './tokens.ts';

export interface OperationStores
  extends GroupStores,
    HostStores,
    ShardletStores,
    Omit<QuotaStores, 'tokens' | 'topology'>,
    TokenStores {}

export function operationHandlers(stores: OperationStores): Handlers<Operations> {
  return {
    groups: groupHandlers(stores),
    hosts: hostHandlers(stores),
    migrations: migrationHandlers(stores),
    quotas: quotaHandlers(stores),
    shardlets: shardletHandlers(stores),
    streams: streamHandlers(stores),
    tokens: tokenHandlers(stores),
  };
}
