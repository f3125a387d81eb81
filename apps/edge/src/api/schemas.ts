/** What routes that are no operation answer. */
import { clusterIdentitySchema } from '@foreshard/core/topology';
import { z } from 'zod';

export const readinessSchema = z
  .strictObject({
    status: z.literal('ready'),
    mapVersion: z.int(),
    mapAgeMs: z.number(),
    tokensAgeMs: z.number(),
    cluster: clusterIdentitySchema
      .nullable()
      .describe('which cluster this edge is of; null: PostgreSQL has not said it yet'),
    waiting: z
      .array(z.strictObject({ host: z.int(), what: z.string(), why: z.string(), cure: z.string() }))
      .describe(
        'hosts that wait for an operator: one that went back to an older state or is another one (events for its shardlets are held or refused), or one that another control plane uses as well',
      ),
  })
  .meta({ id: 'Readiness' });
