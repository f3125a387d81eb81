/** Every operation, by router and name. */
import { clusters } from './clusters.ts';
import { hints } from './hints.ts';
import { hosts } from './hosts.ts';
import { migrations } from './migrations.ts';
import { notifications } from './notifications.ts';
import type { AnyOperation, OperationTable } from './operation.ts';
import { shardlets } from './shardlets.ts';

export const OPERATIONS = {
  hosts,
  migrations,
  shardlets,
  clusters,
  hints,
  notifications,
} as const satisfies OperationTable;
export type Operations = typeof OPERATIONS;

export function allOperations(table: OperationTable = OPERATIONS): AnyOperation[] {
  return Object.values(table).flatMap((router) => Object.values(router));
}
