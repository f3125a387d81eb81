/**
 * The worker's copy of T. Every job begins by bringing it up to date, so jobs never work on an old map for
 * longer than one run; in between, notifications and a slow poll keep the connections to hosts right.
 */
import { invariant } from '@foreshard/core/kernel';
import { type ChangeNotifier, TopologyMap, type TopologyStore } from '@foreshard/core/topology';

const POLL_MS = 2_000;
const CHANGES_PER_LOOK = 1_000;

export interface FollowerParts {
  readonly store: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly notifier: Pick<ChangeNotifier, 'subscribe'>;
  readonly nowMs: () => number;
  /** T's change log does not continue this map (it was restored): the process has to begin anew */
  readonly onBroken: (reason: string) => void;
}

export class MapFollower {
  readonly map: TopologyMap;
  private readonly parts: FollowerParts;
  private look: Promise<void> | undefined;
  private nextLook: Promise<void> | undefined;
  private freshAtMs: number;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: () => Promise<void> = async () => {};

  /** @throws when T does not answer */
  static async begin(parts: FollowerParts): Promise<MapFollower> {
    const follower = new MapFollower(new TopologyMap(await parts.store.snapshot()), parts);
    await follower.follow();
    return follower;
  }

  private constructor(map: TopologyMap, parts: FollowerParts) {
    this.map = map;
    this.parts = parts;
    this.freshAtMs = parts.nowMs();
  }

  /** ms since T last answered */
  get ageMs(): number {
    return this.parts.nowMs() - this.freshAtMs;
  }

  /**
   * The map with everything that was decided before this call. A look that is under way may have begun too
   * early for that, so then one more follows. @throws when T does not answer
   */
  async upToDate(): Promise<TopologyMap> {
    if (this.look === undefined) await this.beginLook();
    else {
      this.nextLook ??= this.look.catch(() => {}).then(() => this.beginLook());
      await this.nextLook;
    }
    return this.map;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.unsubscribe();
    await this.look?.catch(() => {});
  }

  private async follow(): Promise<void> {
    const lookQuietly = () => void this.upToDate().catch(() => {});
    this.timer = setInterval(lookQuietly, POLL_MS);
    this.unsubscribe = await this.parts.notifier.subscribe((version) => {
      if (version > this.map.version) lookQuietly();
    });
  }

  private beginLook(): Promise<void> {
    this.nextLook = undefined;
    this.look = this.catchUp().finally(() => {
      this.look = undefined;
    });
    return this.look;
  }

  private async catchUp(): Promise<void> {
    for (let full = true; full; ) {
      const changes = await this.parts.store.changesAfter(this.map.version, CHANGES_PER_LOOK);
      for (const change of changes) {
        if (change.version > this.map.version + 1) this.broken(change.version);
        this.map.apply(change);
      }
      full = changes.length === CHANGES_PER_LOOK;
    }
    this.freshAtMs = this.parts.nowMs();
  }

  private broken(version: number): never {
    const reason = `T went from version ${this.map.version} to ${version} at once`;
    this.parts.onBroken(reason);
    invariant(false, reason);
  }
}
