/**
 * Keeps the console's copy of T: a snapshot, then every change. Notifications only make it quicker; the
 * poll finds what a lost one would have told. While T does not answer the last map stays, with its age.
 */
import { InvariantViolation } from '@foreshard/core/kernel';
import { type ChangeNotifier, TopologyMap, type TopologyStore } from '@foreshard/core/topology';

const POLL_MS = 2_000;
const CHANGES_PER_CALL = 500;

export class MapFollower {
  private readonly topology: TopologyStore;
  private readonly notifier: ChangeNotifier;
  private current: TopologyMap | undefined;
  private lastContactMs: number | undefined;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(topology: TopologyStore, notifier: ChangeNotifier) {
    this.topology = topology;
    this.notifier = notifier;
  }

  /** undefined until T has answered once */
  get map(): TopologyMap | undefined {
    return this.current;
  }

  contactAgeMs(nowMs: number): number | undefined {
    return this.lastContactMs === undefined ? undefined : Math.max(0, nowMs - this.lastContactMs);
  }

  start(): void {
    void this.catchUp();
    this.timer = setInterval(() => void this.catchUp(), POLL_MS);
    this.timer.unref();
    this.notifier
      .subscribe(() => void this.catchUp())
      .then(
        (unsubscribe) => (this.unsubscribe = unsubscribe),
        () => {}, // the poll goes on without notifications
      );
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.unsubscribe?.();
  }

  /** Resolves when the map is at least as new as T was at the call, or T did not answer. */
  async catchUp(): Promise<void> {
    // A run that began earlier may have read T before the caller's change: wait for it, then look again.
    await this.running;
    this.running ??= this.readChanges().finally(() => (this.running = undefined));
    await this.running;
  }

  private async readChanges(): Promise<void> {
    try {
      this.current ??= new TopologyMap(await this.topology.snapshot());
      const map = this.current;
      for (let full = true; full; ) {
        const changes = await this.topology.changesAfter(map.version, CHANGES_PER_CALL);
        for (const change of changes) map.apply(change);
        full = changes.length === CHANGES_PER_CALL;
      }
      this.lastContactMs = Date.now();
    } catch (error) {
      // A gap in the changes (T was restored from a backup) asks for a new snapshot; anything else means
      // that T is away, which contactAgeMs tells.
      if (error instanceof InvariantViolation) this.current = undefined;
    }
  }
}
