/**
 * The orders of people to hosts, moves and shardlets, as the API knows them: thin over the same functions of
 * core that the command and the console call. T decides, a worker carries out; the edge only asks, so all of
 * it fails with one clear problem while PostgreSQL is away, and events go on.
 */
import { HostOrders } from './host-orders.ts';
import { MoveOrders } from './move-orders.ts';
import type { AdministrationParts } from './parts.ts';
import { ShardletOrders } from './shardlet-orders.ts';

export interface Administration {
  readonly hosts: HostOrders;
  readonly moves: MoveOrders;
  readonly shardlets: ShardletOrders;
}

export function administration(parts: AdministrationParts): Administration {
  return {
    hosts: new HostOrders(parts),
    moves: new MoveOrders(parts),
    shardlets: new ShardletOrders(parts),
  };
}
