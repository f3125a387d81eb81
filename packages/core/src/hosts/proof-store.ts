/**
 * The port to what the topology store keeps as proof of its hosts: marks, and the claims of processes that saw
 * a host go back. It makes no versions: it is written every second.
 */
import type { Regression } from './progress-watch.ts';
import type { HostProof } from './standing.ts';

/** An event that a process was told is stored; a host that no longer holds it with this ts has lost it. */
export interface Acknowledged {
  readonly shardlet: number;
  readonly epoch: number;
  readonly seq: number;
  readonly ts: number;
}

export interface HostClaim extends Regression {
  readonly host: number;
  /** the process that saw it; it has at most one claim about a host */
  readonly claimant: string;
  readonly generation: number;
  /** the last that this process was acknowledged by this host */
  readonly acknowledged?: Acknowledged | undefined;
  /** ms since the epoch, of the claimant's clock */
  readonly atMs: number;
}

export interface HostProofStore {
  proofs(): Promise<ReadonlyMap<number, HostProof>>;
  /**
   * Compare and set on `held` and `next`, each by itself (`before` undefined: where there is none).
   * @returns the hosts whose proof was written
   */
  replace(
    changes: readonly { readonly before: HostProof | undefined; readonly after: HostProof }[],
  ): Promise<ReadonlySet<number>>;
  /** lastSeq by shardlet, as the host last told it before it went back: for the preview of a loss. */
  remember(host: number, lastSeqs: ReadonlyMap<number, number>): Promise<void>;
  remembered(host: number): Promise<ReadonlyMap<number, number>>;
  /** Claims that nobody has answered. */
  claims(): Promise<readonly HostClaim[]>;
  /** Replaces the claimant's earlier one about this host. */
  claim(claim: HostClaim): Promise<void>;
  answer(claim: Pick<HostClaim, 'host' | 'claimant'>, verdict: ClaimVerdict): Promise<void>;
  /** undefined: not answered yet; `unknown`: there is no such claim (any more) */
  verdict(claim: Pick<HostClaim, 'host' | 'claimant'>): Promise<ClaimVerdict | 'unknown' | undefined>;
}

/** `confirmed`: the host is suspended. */
export type ClaimVerdict = 'confirmed' | 'denied';
