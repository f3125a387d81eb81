/** Every operation, by router and name. */
import { groups } from './groups.ts';
import { hosts } from './hosts.ts';
import { jobs } from './jobs.ts';
import { migrations } from './migrations.ts';
import { models } from './models.ts';
import type { AnyOperation, OperationTable } from './operation.ts';
import { policy } from './policy.ts';
import { quotas } from './quotas.ts';
import { recommendations } from './recommendations.ts';
import { shardlets } from './shardlets.ts';
import { streams } from './streams.ts';
import { tokens } from './tokens.ts';
import { whatIf } from './what-if.ts';

export const OPERATIONS = {
  ...{ hosts, migrations, shardlets, streams },
  ...{ groups, quotas, tokens },
  ...{ recommendations, policy, whatIf, models, jobs },
} as const satisfies OperationTable;
export type Operations = typeof OPERATIONS;

export function allOperations(table: OperationTable = OPERATIONS): AnyOperation[] {
  return Object.values(table).flatMap((router) => Object.values(router));
}
