/** What a group keeps of its state, over many shardlets: how old it is, and what the worst recovery of one would take. */

export interface KeptState {
  /** ms since 1970; null: there is no checkpoint */
  readonly checkpointAt: number | null;
  readonly recoveryMs: number;
  /** events that are expected to arrive during the recovery */
  readonly backlog: number;
  readonly due: boolean;
}

export interface KeptStates {
  readonly shardlets: number;
  /** of those that have one; null: none has */
  readonly oldestCheckpointAt: number | null;
  readonly withoutCheckpoint: number;
  /** of the shardlet that takes longest */
  readonly recoveryMs: number;
  /** of the shardlet with the most */
  readonly backlog: number;
  readonly due: number;
}

/** Undefined: nothing is known of any. */
export function overAllStates(states: readonly KeptState[]): KeptStates | undefined {
  if (states.length === 0) return undefined;
  const taken = states.flatMap(({ checkpointAt }) => checkpointAt ?? []);
  const most = (of: (state: KeptState) => number) =>
    states.reduce((sofar, state) => Math.max(sofar, of(state)), 0);
  return {
    shardlets: states.length,
    oldestCheckpointAt: taken.length === 0 ? null : taken.reduce((a, b) => Math.min(a, b)),
    withoutCheckpoint: states.length - taken.length,
    recoveryMs: most(({ recoveryMs }) => recoveryMs),
    backlog: most(({ backlog }) => backlog),
    due: states.filter(({ due }) => due).length,
  };
}
