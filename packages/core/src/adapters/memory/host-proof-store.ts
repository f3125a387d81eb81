/** Marks of hosts, and claims about them, in memory: for tests and the simulator. */
import type { ClaimVerdict, HostClaim, HostProof, HostProofStore } from '../../hosts/index.ts';

export class MemoryHostProofs implements HostProofStore {
  private readonly byHost = new Map<number, HostProof>();
  private readonly lastSeqs = new Map<number, ReadonlyMap<number, number>>();
  private readonly claimed = new Map<string, { claim: HostClaim; verdict?: ClaimVerdict }>();

  async proofs(): Promise<ReadonlyMap<number, HostProof>> {
    return new Map(this.byHost);
  }

  async replace(changes: Parameters<HostProofStore['replace']>[0]): Promise<ReadonlySet<number>> {
    const written = new Set<number>();
    for (const { before, after } of changes) {
      const now = this.byHost.get(after.host);
      if (now?.next !== before?.next || now?.held !== before?.held) continue;
      this.byHost.set(after.host, after);
      written.add(after.host);
    }
    return written;
  }

  async remember(host: number, lastSeqs: ReadonlyMap<number, number>): Promise<void> {
    if (this.byHost.has(host)) this.lastSeqs.set(host, new Map(lastSeqs));
  }

  async remembered(host: number): Promise<ReadonlyMap<number, number>> {
    return this.lastSeqs.get(host) ?? new Map();
  }

  async claims(): Promise<readonly HostClaim[]> {
    return [...this.claimed.values()].filter((c) => c.verdict === undefined).map((c) => c.claim);
  }

  async claim(claim: HostClaim): Promise<void> {
    this.claimed.set(keyOf(claim), { claim });
  }

  async answer(claim: Pick<HostClaim, 'host' | 'claimant'>, verdict: ClaimVerdict): Promise<void> {
    const known = this.claimed.get(keyOf(claim));
    if (known !== undefined) known.verdict = verdict;
  }

  async verdict(claim: Pick<HostClaim, 'host' | 'claimant'>): ReturnType<HostProofStore['verdict']> {
    const known = this.claimed.get(keyOf(claim));
    return known === undefined ? 'unknown' : known.verdict;
  }
}

function keyOf({ host, claimant }: Pick<HostClaim, 'host' | 'claimant'>): string {
  return `${host} ${claimant}`;
}
