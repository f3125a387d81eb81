/**
 * Keeps a copy of the topology store: every change, on a notification and at least once in `pollMs` (a lost message
 * costs time, never truth). While the store is away the last map stays, with its age.
 *
 *   unproven --the store's snapshot--> following --a gap in the change log--> the snapshot again --> following
 *
 * A map begins unproven: empty, or of a file that may be of an older or of another store. A gap means that the store
 * was restored from a backup. Both are cured by loading the whole map; it stays the same object, and who compiled
 * something from it is told the difference as a change.
 */
import { EMPTY_TOPOLOGY, type Topology } from './model.ts';
import { TopologyMap } from './topology-map.ts';
import type { ChangeNotifier, TopologyStore } from './topology-store.ts';

export interface MapFollowerParts {
  readonly store: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly notifier: Pick<ChangeNotifier, 'subscribe'>;
  readonly nowMs: () => number;
  readonly pollMs: number;
  /** Runs it once, after that time; answers the function that prevents it. */
  readonly later: (run: () => void, ms: number) => () => void;
  readonly observer: FollowerObserver;
}

export interface FollowerObserver {
  /** A look that nobody waits for has failed. */
  unanswered(error: unknown): void;
  /** The whole map was loaded again, for this reason. */
  reloaded(reason: string): void;
}

export interface FirstTopology {
  readonly topology: Topology;
  /** it is the store's answer; else its snapshot is read before any change */
  readonly isProven: boolean;
}

const CHANGES_PER_LOOK = 1_000;
const NOTHING: FirstTopology = { topology: EMPTY_TOPOLOGY, isProven: false };

export class MapFollower {
  readonly map: TopologyMap;
  private readonly parts: MapFollowerParts;
  private unproven: boolean;
  private freshAtMs: number;
  private look: Promise<void> | undefined;
  private nextLook: Promise<void> | undefined;
  private stopped = false;
  private cancelPoll: () => void = () => {};
  private unsubscribe: () => Promise<void> = async () => {};

  constructor(parts: MapFollowerParts, { topology, isProven }: FirstTopology = NOTHING) {
    this.parts = parts;
    this.map = new TopologyMap(topology);
    this.unproven = !isProven;
    this.freshAtMs = parts.nowMs();
  }

  /** The map is the store's answer, however old. */
  get isProven(): boolean {
    return !this.unproven;
  }

  /** ms since the question that was answered last, or since the start: nothing older than this is missing in the map */
  get ageMs(): number {
    return this.parts.nowMs() - this.freshAtMs;
  }

  /** when that question was asked, on the clock of `nowMs`; an unproven map was never an answer */
  get answeredAskedAtMs(): number {
    return this.unproven ? Number.NEGATIVE_INFINITY : this.freshAtMs;
  }

  /** Polls from here on, also where there are no notifications. */
  async start(): Promise<void> {
    this.poll();
    try {
      this.unsubscribe = await this.parts.notifier.subscribe((version) => {
        if (version > this.map.version) void this.refresh();
      });
    } catch (error) {
      this.parts.observer.unanswered(error);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelPoll();
    await this.unsubscribe();
    await this.look?.catch(() => {});
  }

  /**
   * The map with everything that was decided before this call. A look that is under way may have begun too early for
   * that: then one more follows. @throws when the store does not answer
   */
  async upToDate(): Promise<TopologyMap> {
    if (this.look === undefined) await this.startLook();
    else {
      this.nextLook ??= this.look.catch(() => {}).then(() => this.startLook());
      await this.nextLook;
    }
    return this.map;
  }

  /** The same as far as the store answers. */
  async refresh(): Promise<void> {
    await this.upToDate().catch((error) => this.parts.observer.unanswered(error));
  }

  private poll(): void {
    this.cancelPoll = this.parts.later(async () => {
      await this.refresh();
      if (!this.stopped) this.poll();
    }, this.parts.pollMs);
  }

  private startLook(): Promise<void> {
    this.nextLook = undefined;
    this.look = this.catchUp().finally(() => {
      this.look = undefined;
    });
    return this.look;
  }

  private async catchUp(): Promise<void> {
    let askedAtMs = this.parts.nowMs();
    if (this.unproven) await this.prove();
    for (let isFull = true; isFull; ) {
      askedAtMs = this.parts.nowMs();
      const changes = await this.parts.store.changesAfter(this.map.version, CHANGES_PER_LOOK);
      isFull = changes.length === CHANGES_PER_LOOK;
      for (const change of changes) {
        if (change.version > this.map.version + 1) {
          askedAtMs = this.parts.nowMs();
          await this.reload(`the change log goes from version ${this.map.version} to ${change.version}`);
          isFull = false;
          break;
        }
        this.map.apply(change);
      }
    }
    this.freshAtMs = askedAtMs;
  }

  private async prove(): Promise<void> {
    const topology = await this.parts.store.snapshot();
    const { version } = this.map;
    this.map.replace(topology);
    this.unproven = false;
    if (topology.version < version)
      this.parts.observer.reloaded(`the map had version ${version}, the store has ${topology.version}`);
  }

  private async reload(reason: string): Promise<void> {
    this.map.replace(await this.parts.store.snapshot());
    this.parts.observer.reloaded(reason);
  }
}
