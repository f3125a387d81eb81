/** The port to what is kept of consumer groups. */
import type { Group, GroupState } from './model.ts';

/** `taken`: there is one of this name. `full`: there are GROUPS_MAX groups. */
export type Creation = 'created' | 'taken' | 'full';

export interface GroupStore {
  create(group: Group, state: GroupState): Promise<Creation>;
  /** `false` when there is none. */
  remove(name: string): Promise<boolean>;
  list(): Promise<readonly Group[]>;
  find(name: string): Promise<{ readonly group: Group; readonly state: GroupState } | undefined>;
  /**
   * Replaces the state by what `change` makes of it, in one transaction that nobody else's overlaps; the
   * answer is durable. `nowMs` is the store's clock, the same for all who ask. Undefined: no such group.
   */
  change<R>(
    name: string,
    change: (
      group: Group,
      state: GroupState,
      nowMs: number,
    ) => { readonly state: GroupState; readonly result: R },
  ): Promise<R | undefined>;
}
