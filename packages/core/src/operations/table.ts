/** Every operation, by router and name. */
import { hosts } from './hosts.ts';
import { migrations } from './migrations.ts';
import type { AnyOperation, OperationTable } from './operation.ts';
import { shardlets } from './shardlets.ts';

export const OPERATIONS = { hosts, migrations, shardlets } as const satisfies OperationTable;
export type Operations = typeof OPERATIONS;

export function allOperations(table: OperationTable = OPERATIONS): AnyOperation[] {
  return Object.values(table).flatMap((router) => Object.values(router));
}
