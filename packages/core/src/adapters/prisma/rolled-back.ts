/** Carries a refusal out of the deciding transaction, which has to fail to be rolled back. */
import type { Refusal } from '../../topology/index.ts';

export class RolledBack extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** The topology store may have lost decisions that hosts have carried out: a new one could contradict them. */
export const UNEXAMINED: Refusal = Object.freeze({
  reason: 'unexamined',
  detail:
    'The topology store was restored from a backup, or another control plane uses its hosts, and it has not been compared with them: run "foreshard doctor --after-restore"',
});
