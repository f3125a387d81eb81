/**
 * The port to the policies: every version that ever held stays, so that a decision can be read with the thresholds it
 * was made by. Two who edit at once cannot overwrite each other: a change names the version it was made from.
 */
import { DEFAULT_POLICY, type Policy } from '../planning/index.ts';

export interface PolicyVersion {
  /** 0: the defaults, before anybody changed anything */
  readonly version: number;
  readonly policy: Policy;
  readonly actor: string;
  readonly note: string;
  readonly createdMs: number;
  readonly effectiveMs: number;
}

export interface PolicyChange {
  /** the newest version its author has seen */
  readonly from: number;
  readonly policy: Policy;
  readonly actor: string;
  readonly note: string;
  readonly createdMs: number;
  /** holds from then on; not before it is made */
  readonly effectiveMs: number;
}

export interface PolicyStore {
  /** What holds at a time. */
  at(ms: number): Promise<PolicyVersion>;
  /** Newest first, without the defaults. */
  versions(limit: number): Promise<PolicyVersion[]>;
  /** The new version, or undefined when `from` is not the newest any more. */
  add(change: PolicyChange): Promise<PolicyVersion | undefined>;
}

export const DEFAULT_POLICY_VERSION: PolicyVersion = {
  version: 0,
  policy: DEFAULT_POLICY,
  actor: 'foreshard',
  note: 'the defaults',
  createdMs: 0,
  effectiveMs: 0,
};
