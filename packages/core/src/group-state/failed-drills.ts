/** What restore drills of a group found that no checkpoint says of itself: a worker writes it down, and an alarm is raised. */
import { z } from 'zod';

const failedDrillSchema = z.object({ shardlet: z.int(), error: z.string(), atMs: z.int() });

export const failedDrillsSchema = z.object({
  group: z.string(),
  /** of the last round, also of one that found nothing new */
  atMs: z.int(),
  failed: z.array(failedDrillSchema),
});
export type FailedDrill = z.infer<typeof failedDrillSchema>;
export type FailedDrills = z.infer<typeof failedDrillsSchema>;

/** In the control Redis: a hash from groups to what failed and was not repaired since. */
export const FAILED_DRILLS_KEY = 'foreshard:state-drills';

/** Older than this the group is gone, or the worker is off, which is said elsewhere. */
export const DRILLS_BELIEVED_MS = 600_000;
