/** The settings of a consumer group's checkpoints. Names are those operators use, with unit, range and default. */
import { z } from 'zod';

export const checkpointSettingsSchema = z.strictObject({
  aim: z.enum(['backlog', 'cost']).default('backlog').meta({
    description:
      'backlog: few events wait when a replacement is ready; cost: checkpoints and replay together take the least time',
  }),
  checkpoint_threshold: z.int().min(1).max(1e12).default(10_000).meta({
    'x-unit': 'events',
    description: 'events that may have arrived in the meantime when a replacement is ready (aim: backlog)',
  }),
  prediction_horizon: z.number().min(1).max(1_440).default(30).meta({
    'x-unit': 'minutes',
    description: 'how far ahead the forecast of arrivals is read',
  }),
  failure_interval: z.number().min(0.01).max(87_600).default(24).meta({
    'x-unit': 'hours',
    description: 'mean time between failures of a member (aim: cost)',
  }),
  checkpoint_share_max: z.number().min(0.001).max(1).default(0.1).meta({
    'x-unit': 'share',
    description: 'part of its time that a member spends on checkpoints at most',
  }),
});

export type CheckpointSettings = z.infer<typeof checkpointSettingsSchema>;

/** Of a group whose members keep state: when checkpoints are due, how long they are kept, and what waits for them. */
export const groupCheckpointingSchema = checkpointSettingsSchema.extend({
  keep_count: z.int().min(1).max(100).default(3).meta({
    'x-unit': 'checkpoints',
    description: 'the newest ones of each shardlet that are kept, however old',
  }),
  keep_hours: z.number().min(1).max(8_760).default(24).meta({
    'x-unit': 'hours',
    description: 'older checkpoints are removed, unless they are among the newest or a recovery needs them',
  }),
  hold_retention: z.boolean().default(false).meta({
    description: 'events that a restore would replay are kept beyond the retention of the stream',
  }),
  merges: z.boolean().default(false).meta({
    description: 'the handler can merge two states of one key; needed where the stream splits keys',
  }),
});
export type GroupCheckpointing = z.infer<typeof groupCheckpointingSchema>;
