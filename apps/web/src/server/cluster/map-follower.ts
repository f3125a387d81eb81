/** The console's copy of the topology store, which there is once that has answered. */
import {
  type ChangeNotifier,
  type FollowerObserver,
  MapFollower,
  type TopologyMap,
  type TopologyStore,
} from '@foreshard/core/topology';

const POLL_MS = 2_000;

type Store = Pick<TopologyStore, 'snapshot' | 'changesAfter'>;

export class FollowedMap {
  private readonly follower: MapFollower;

  constructor(
    store: Store,
    notifier: Pick<ChangeNotifier, 'subscribe'>,
    reloaded: FollowerObserver['reloaded'],
  ) {
    this.follower = new MapFollower({
      ...{ store, notifier, later, nowMs: Date.now, pollMs: POLL_MS },
      // the age of the map shows it
      observer: { reloaded, unanswered: () => {} },
    });
  }

  /** undefined until the topology store has answered once */
  get map(): TopologyMap | undefined {
    return this.follower.isProven ? this.follower.map : undefined;
  }

  contactAgeMs(nowMs: number): number | undefined {
    return this.follower.isProven ? Math.max(0, nowMs - this.follower.answeredAskedAtMs) : undefined;
  }

  start(): void {
    void this.catchUp();
    void this.follower.start();
  }

  close(): Promise<void> {
    return this.follower.stop();
  }

  /** Resolves when the map is at least as new as the topology store was at the call, or that did not answer. */
  catchUp(): Promise<void> {
    return this.follower.refresh();
  }
}

function later(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}
