/**
 * What an edge does that saw a host go back: it tells the topology store, and refuses the host until it is answered
 * or has waited long enough (docs/decisions/0023-a-host-proves-its-progress.md, Claims). It claims counts only.
 */
import type { HostPool } from '@foreshard/core/adapters/event-hosts';
import type { HostProofStore } from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import type { VirtualProcess } from './virtual-process.ts';

const PATIENCE_MS = 5_000;

export class EdgeClaims {
  private readonly pool: HostPool;
  private readonly proofs: HostProofStore;
  private readonly process: VirtualProcess;
  private readonly usedAgain: (host: number) => void;
  private readonly waiting = new Map<number, { readonly sinceMs: number; isReported: boolean }>();

  constructor(
    pool: HostPool,
    proofs: HostProofStore,
    process: VirtualProcess,
    usedAgain: (host: number) => void,
  ) {
    this.usedAgain = usedAgain;
    this.pool = pool;
    this.proofs = proofs;
    this.process = process;
  }

  /** @throws TopologyAway */
  async run(hosts: readonly Host[]): Promise<void> {
    for (const host of hosts) {
      const isRefused = host.state !== 'readmitting' && this.pool.watch(host.id)?.regression !== undefined;
      if (isRefused) await this.insist(host);
      else this.waiting.delete(host.id);
    }
  }

  private async insist({ id: host, generation }: Host): Promise<void> {
    const watch = this.pool.watch(host)!;
    const nowMs = this.process.uptimeMs();
    const claimant = this.process.name;
    const wait = this.waiting.get(host) ?? { sinceMs: nowMs, isReported: false };
    this.waiting.set(host, wait);
    if (nowMs - wait.sinceMs > PATIENCE_MS) return this.goOn(host);
    if (!wait.isReported) {
      const atMs = this.process.nowMicros() / 1_000;
      await this.proofs.claim({ host, claimant, generation, ...watch.regression!, atMs });
      wait.isReported = true;
      return;
    }
    const verdict = await this.proofs.verdict({ host, claimant });
    if (verdict === 'denied') this.goOn(host);
    if (verdict === 'unknown') wait.isReported = false;
  }

  private goOn(host: number): void {
    this.pool.watch(host)?.dismiss();
    this.waiting.delete(host);
    this.usedAgain(host);
  }
}
