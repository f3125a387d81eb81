/** Every operation, by router and name. */
import { hosts } from './hosts.ts';
import { jobs } from './jobs.ts';
import { migrations } from './migrations.ts';
import { models } from './models.ts';
import type { AnyOperation, OperationTable } from './operation.ts';
import { policy } from './policy.ts';
import { recommendations } from './recommendations.ts';
import { shardlets } from './shardlets.ts';
import { whatIf } from './what-if.ts';

export const OPERATIONS = {
  ...{ hosts, migrations, shardlets },
  ...{ recommendations, policy, whatIf, models, jobs },
} as const satisfies OperationTable;
export type Operations = typeof OPERATIONS;

export function allOperations(table: OperationTable = OPERATIONS): AnyOperation[] {
  return Object.values(table).flatMap((router) => Object.values(router));
}
