/** Every operation, by router and name. */

import { account } from './account.ts';
import { annotations } from './annotations.ts';
import { anticipation } from './anticipation.ts';
import { audit } from './audit.ts';
import { cache } from './cache.ts';
import { checkpoints } from './checkpoints.ts';
import { clusters } from './clusters.ts';
import { consuming } from './consuming.ts';
import { deadLetters } from './dead-letters.ts';
import { demo } from './demo.ts';
import { events } from './events.ts';
import { groups } from './groups.ts';
import { hints } from './hints.ts';
import { hosts } from './hosts.ts';
import { jobs } from './jobs.ts';
import { keepingState } from './keeping-state.ts';
import { migrations } from './migrations.ts';
import { models } from './models.ts';
import { notifications } from './notifications.ts';
import type { AnyOperation, OperationTable } from './operation.ts';
import { plans } from './plans.ts';
import { policy } from './policy.ts';
import { quotas } from './quotas.ts';
import { reading } from './reading.ts';
import { recommendations } from './recommendations.ts';
import { sessions } from './sessions.ts';
import { shardlets } from './shardlets.ts';
import { streams } from './streams.ts';
import { telemetry } from './telemetry.ts';
import { tokens } from './tokens.ts';
import { topology } from './topology.ts';
import { users } from './users.ts';
import { whatIf } from './what-if.ts';

export const OPERATIONS = {
  ...{ hosts, migrations, shardlets, streams },
  ...{ groups, checkpoints, deadLetters, quotas, tokens, cache },
  ...{ recommendations, plans, policy, whatIf, models, jobs },
  ...{ clusters, hints, annotations, notifications },
  ...{ audit, demo, anticipation },
  ...{ users, sessions, account },
} as const satisfies OperationTable;
export type Operations = typeof OPERATIONS;

/** Traffic, which an edge serves where that is fast: described, permitted and tested like the others. */
export const TRAFFIC = {
  ...{ events, reading, consuming, keepingState, telemetry, topology },
} as const satisfies OperationTable;

export const EVERY_OPERATION = Object.freeze({ ...TRAFFIC, ...OPERATIONS }) satisfies OperationTable;

export function allOperations(table: OperationTable = EVERY_OPERATION): AnyOperation[] {
  return Object.values(table).flatMap((router) => Object.values(router));
}
