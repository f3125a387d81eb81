/**
 * Puts every request into its lane before its events are routed. While the lease on the map holds, which is
 * nearly always, this costs a comparison. Without it the topology store is asked once, for all that wait at that
 * time; when the topology store does not answer in time the append goes on with the map there is: the hosts' fences
 * keep it right, a lease only makes refusals rare.
 */
import { granted, type Lane, laneAt, lookFailed, NO_LEASE, type RouteLease } from '@foreshard/core/locking';
import type { Intake } from './intake.ts';

export interface LeasedParts {
  submit(intake: Intake): void;
  /** Catches the map up with the topology store; never rejects. */
  refresh(): Promise<void>;
  /** when the question was asked that the topology store answered last, on the clock of `nowMs` */
  answeredAskedAtMs(): number;
  readonly nowMs: () => number;
  /** told once per request */
  readonly observe: (lane: Lane, events: number) => void;
}

/**
 * How long an append waits for the topology store; longer than the topology store takes, shorter than a client
 * notices.
 */
const LOOK_PATIENCE_MS = 250;

export class LeasedIngestion {
  private readonly parts: LeasedParts;
  private lease: RouteLease = NO_LEASE;
  private look: Promise<Lane> | undefined;

  constructor(parts: LeasedParts) {
    this.parts = parts;
  }

  submit(intake: Intake): void {
    const lane = this.lane();
    if (lane !== 'shard') this.send(intake, lane);
    else void this.looked().then((lane) => this.send(intake, lane));
  }

  lane(): Lane {
    const { answeredAskedAtMs, nowMs } = this.parts;
    this.lease = granted(this.lease, answeredAskedAtMs());
    return laneAt(this.lease, nowMs());
  }

  private send(intake: Intake, lane: Lane): void {
    this.parts.observe(lane, intake.count);
    this.parts.submit(intake);
  }

  /** Whoever comes while a look is under way shares it. */
  private looked(): Promise<Lane> {
    this.look ??= this.lookAtT().finally(() => {
      this.look = undefined;
    });
    return this.look;
  }

  private async lookAtT(): Promise<Lane> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK_PATIENCE_MS);
    });
    await Promise.race([this.parts.refresh(), late]);
    clearTimeout(timer);
    if (this.lane() === 'direct') return 'shard';
    this.lease = lookFailed(this.lease, this.parts.nowMs());
    return 'unconfirmed';
  }
}
