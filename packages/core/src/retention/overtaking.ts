/**
 * Where retention comes to events that a recovery of a group that keeps state would replay. People are notified before it
 * takes them; where the group's setting says so, it waits.
 */
import { z } from 'zod';

/** Of one shardlet: a recovery of this group replays what follows `seq`. */
export interface ReplayFloor {
  readonly group: string;
  readonly seq: number;
  /** retention waits for it */
  readonly holds: boolean;
}

export const overtakenSchema = z.object({
  group: z.string(),
  stream: z.string(),
  holds: z.boolean(),
  shardlets: z.int(),
  /** that a recovery would replay, and that are past retention, or soon are */
  events: z.int(),
});
export type Overtaken = z.infer<typeof overtakenSchema>;

/** In the control Redis: a hash from groups to what was found at the last run. */
export const OVERTAKEN_KEY = 'foreshard:state-overtaken';

/** People hear of it so much earlier than the events go. */
export const WARNED_SHARE = 0.1;

/** The first seq that is kept for those that hold. */
export function keptFrom(floors: readonly ReplayFloor[] = []): number {
  return Math.min(Number.POSITIVE_INFINITY, ...floors.filter((one) => one.holds).map(({ seq }) => seq + 1));
}

/** By group: what would go of each shardlet, up to its `seq`, added up. */
export class OvertakenGroups {
  private readonly found = new Map<string, Overtaken>();

  note(stream: string, floors: readonly ReplayFloor[], goneBelow: number): void {
    for (const { group, seq, holds } of floors) {
      const events = goneBelow - 1 - seq;
      if (events <= 0) continue;
      const before = this.found.get(group) ?? { group, stream, holds, shardlets: 0, events: 0 };
      this.found.set(group, {
        ...before,
        shardlets: before.shardlets + 1,
        events: before.events + events,
      });
    }
  }

  get all(): readonly Overtaken[] {
    return [...this.found.values()];
  }
}
