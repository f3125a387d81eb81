/** Every operation, by router and name. */
import { groups } from './groups.ts';
import { hosts } from './hosts.ts';
import { migrations } from './migrations.ts';
import type { AnyOperation, OperationTable } from './operation.ts';
import { quotas } from './quotas.ts';
import { shardlets } from './shardlets.ts';
import { streams } from './streams.ts';
import { tokens } from './tokens.ts';

export const OPERATIONS = {
  groups,
  hosts,
  migrations,
  quotas,
  shardlets,
  streams,
  tokens,
} as const satisfies OperationTable;
export type Operations = typeof OPERATIONS;

export function allOperations(table: OperationTable = OPERATIONS): AnyOperation[] {
  return Object.values(table).flatMap((router) => Object.values(router));
}
