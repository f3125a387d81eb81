/**
 * What an edge does about a host that it saw go back to an older state (docs/architecture/protocol.md,
 * Progress). The connections refuse the host by themselves; here the topology store is asked whether it did:
 *
 *   open -> denied       the host is used again
 *        -> confirmed    the host is suspended: the map says so, and later that it may be used again
 *        -> no answer    after 5 s the host is used again: events do not depend on the topology store
 */
import type { HostClaim, HostProofStore, ProgressWatch, Regression } from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import type { LastAcknowledged } from './last-acknowledged.ts';

const LOOK_MS = 1_000;

/** A worker looks at claims each second; this leaves it several chances. */
const PATIENCE_MS = 5_000;

export interface HostClaimsObserver {
  regressed(host: Host, seen: Regression): void;
  /** nobody answered in time */
  unanswered(host: Host): void;
}

export interface HostClaimsParts {
  readonly hosts: () => Iterable<Host>;
  readonly watch: (host: number) => ProgressWatch | undefined;
  readonly acknowledged: Pick<LastAcknowledged, 'of'>;
  readonly proofs: Pick<HostProofStore, 'claim' | 'verdict'>;
  readonly claimant: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** its loss was not found: what was read of it before may be numbered otherwise now */
  readonly usedAgain: (host: number) => void;
  readonly observer: HostClaimsObserver;
}

interface Waiting {
  /** another one means another generation: then this claim is void */
  readonly watch: ProgressWatch;
  readonly claim: HostClaim;
  wallMs: number;
  monotonicMs: number;
  isWritten: boolean;
  isConfirmed: boolean;
  /** the map has shown it suspended since */
  wasSuspended: boolean;
  isAsking: boolean;
}

export class HostClaims {
  private readonly parts: HostClaimsParts;
  private readonly waiting = new Map<number, Waiting>();
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: HostClaimsParts) {
    this.parts = parts;
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** claims without a verdict */
  get open(): number {
    let open = 0;
    for (const { isConfirmed } of this.waiting.values()) if (!isConfirmed) open++;
    return open;
  }

  /** Never throws, never waits: a topology store that hangs does not keep the time from running. */
  look(): void {
    const seen = new Set<number>();
    for (const host of this.parts.hosts()) {
      const watch = this.parts.watch(host.id);
      if (watch?.regression === undefined) continue;
      seen.add(host.id);
      this.pursue(host, watch, watch.regression);
    }
    for (const id of this.waiting.keys()) if (!seen.has(id)) this.waiting.delete(id);
  }

  private pursue(host: Host, watch: ProgressWatch, regression: Regression): void {
    let claim = this.waiting.get(host.id);
    if (claim?.watch !== watch) {
      claim = this.startClaim(host, watch, regression);
      this.parts.observer.regressed(host, regression);
    }
    if (host.state === 'readmitting') this.wait(claim);
    else if (claim.wasSuspended && claim.isConfirmed) this.end(host.id, claim);
    else if (this.elapsedMs(claim) >= PATIENCE_MS) this.giveUp(host, claim);
    const isOver = this.waiting.get(host.id) !== claim || claim.isConfirmed;
    if (!isOver && !claim.isAsking) void this.ask(host, claim);
  }

  private startClaim(host: Host, watch: ProgressWatch, { seen, answered }: Regression): Waiting {
    const { claimant, acknowledged, nowMs, monotonicMs } = this.parts;
    const { generation } = watch;
    const atMs = nowMs();
    const claim: HostClaim = {
      ...{ host: host.id, claimant, generation, seen, answered, atMs },
      acknowledged: acknowledged.of(host.id, generation),
    };
    const progress = { isWritten: false, isConfirmed: false, wasSuspended: false, isAsking: false };
    const waiting = { watch, claim, wallMs: atMs, monotonicMs: monotonicMs(), ...progress };
    this.waiting.set(host.id, waiting);
    return waiting;
  }

  /** Nobody uses the host while the map says that it is suspended or being readmitted: nothing is delayed. */
  private wait(claim: Waiting): void {
    claim.wasSuspended = true;
    claim.wallMs = this.parts.nowMs();
    claim.monotonicMs = this.parts.monotonicMs();
  }

  /** The larger of both: a process that was frozen has only one of them behind it. */
  private elapsedMs({ wallMs, monotonicMs }: Waiting): number {
    return Math.max(this.parts.nowMs() - wallMs, this.parts.monotonicMs() - monotonicMs);
  }

  private giveUp(host: Host, claim: Waiting): void {
    this.goOn(host.id, claim);
    this.parts.observer.unanswered(host);
  }

  private goOn(host: number, claim: Waiting): void {
    this.end(host, claim);
    this.parts.usedAgain(host);
  }

  private end(host: number, { watch }: Waiting): void {
    this.waiting.delete(host);
    watch.dismiss();
  }

  private async ask(host: Host, waiting: Waiting): Promise<void> {
    waiting.isAsking = true;
    try {
      if (!waiting.isWritten) {
        await this.parts.proofs.claim(waiting.claim);
        waiting.isWritten = true;
      }
      const verdict = await this.parts.proofs.verdict(waiting.claim);
      if (this.waiting.get(host.id) !== waiting) return;
      if (verdict === 'denied') this.goOn(host.id, waiting);
      // removed by somebody: it is made again
      if (verdict === 'unknown') waiting.isWritten = false;
      waiting.isConfirmed = verdict === 'confirmed';
    } catch {
      // asked again at the next look, until the patience ends
    } finally {
      waiting.isAsking = false;
    }
  }
}
