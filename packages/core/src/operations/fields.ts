/** Members that many operations have. */
import { z } from 'zod';

export const id = z.int().min(1);

/** Kept with the order, in the change log and the journal. */
export const reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .default('asked for over the API')
  .describe('kept with it');

/** main where it is left out */
export const streamMember = {
  stream: z.string().meta({ description: 'Name of a stream', example: 'main' }).optional(),
};

export const time = z.iso.datetime().nullable();

/** Of a body whose members are wrong, and of what can be decided about the topology. */
export const DECISION_ERRORS = ['conflict', 'in_the_way', 'unexamined', 'store_unreachable'] as const;
