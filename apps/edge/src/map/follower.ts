/**
 * Follows T: a snapshot, then the changes after it, on a notification and at least once a second (a lost
 * message costs time, never truth). While T is away the last map serves: the hosts' fences keep it safe.
 *
 * A map that T's change log does not continue (T was restored, or the file on disk is of another cluster)
 * cannot be mended in place, because others hold what was compiled from it: `onBroken` is told, and the
 * process begins anew.
 */
import type { RouteTable } from '@foreshard/core/routing';
import {
  type ChangeListener,
  type ChangeNotifier,
  type Topology,
  TopologyMap,
  type TopologyStore,
} from '@foreshard/core/topology';
import type { EdgeMap } from './edge-map.ts';
import { readMapFile, writeMapFile } from './map-file.ts';
import { StreamTables } from './stream-tables.ts';

export interface FollowerParts {
  readonly store: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly notifier: Pick<ChangeNotifier, 'subscribe'>;
  /** where the last map is kept; undefined: nowhere */
  readonly file: string | undefined;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
  readonly onBroken: (reason: string) => void;
}

const POLL_MS = 1_000;
const CHANGES_PER_LOOK = 1_000;
/** how long a start waits for T before it takes the map on disk */
const SNAPSHOT_PATIENCE_MS = 3_000;
/** the file is written at most this often, and takes at most a tenth of the time */
const WRITE_PAUSE_MS_MIN = 3_000;
const WRITE_PAUSE_PER_MS = 10;

export interface FirstMap {
  readonly topology: Topology;
  readonly from: 'store' | 'file';
}

/** The map to begin with; `undefined` when T is away and there is none on disk. */
export async function firstMap({
  store,
  file,
}: Pick<FollowerParts, 'store' | 'file'>): Promise<FirstMap | undefined> {
  const snapshot = store.snapshot();
  const fromStore = await Promise.race([snapshot.catch(() => undefined), pause(SNAPSHOT_PATIENCE_MS)]);
  if (fromStore !== undefined) return { topology: fromStore, from: 'store' };
  const fromFile = file === undefined ? undefined : await readMapFile(file);
  return fromFile && { topology: fromFile, from: 'file' };
}

export class MapFollower implements EdgeMap {
  readonly topology: TopologyMap;
  private readonly parts: FollowerParts;
  private readonly tables: StreamTables;
  private readonly listeners = new Set<ChangeListener>();
  /** the map is a file's and T has not yet been asked whether it is its own */
  private unproven: boolean;
  private freshAtMs: number;
  private look: Promise<void> | undefined;
  private nextLook: Promise<void> | undefined;
  private writtenVersion = -1;
  private writeTimer: NodeJS.Timeout | undefined;
  private pollTimer: NodeJS.Timeout | undefined;
  private unsubscribe: () => Promise<void> = async () => {};

  constructor(first: FirstMap, parts: FollowerParts) {
    this.parts = parts;
    this.topology = new TopologyMap(first.topology);
    this.tables = new StreamTables(this.topology);
    this.unproven = first.from === 'file';
    this.freshAtMs = parts.nowMs();
    if (this.unproven) this.writtenVersion = first.topology.version;
    this.topology.onChange((change, before) => {
      this.tables.apply(change, before);
      for (const listener of this.listeners) listener(change, before);
    });
  }

  routeTable(streamId: number): RouteTable {
    return this.tables.of(streamId);
  }

  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** ms since the question that T answered last: nothing older than this is missing in the map */
  get ageMs(): number {
    return this.parts.nowMs() - this.freshAtMs;
  }

  /** when that question was asked, on the clock of `nowMs`; a map from disk was never T's answer */
  get answeredAskedAtMs(): number {
    return this.unproven ? Number.NEGATIVE_INFINITY : this.freshAtMs;
  }

  async start(): Promise<void> {
    this.poll();
    this.scheduleWrite(0);
    this.unsubscribe = await this.parts.notifier.subscribe((version) => {
      if (version > this.topology.version) void this.refresh();
    });
  }

  async stop(): Promise<void> {
    clearTimeout(this.pollTimer);
    clearTimeout(this.writeTimer);
    this.pollTimer = this.writeTimer = undefined;
    await this.unsubscribe();
    await this.look;
    await this.write();
  }

  /** A look that began before this call may miss what the caller was told of: then one more follows. */
  refresh(): Promise<void> {
    if (this.look === undefined) return this.beginLook();
    this.nextLook ??= this.look.then(() => this.beginLook());
    return this.nextLook;
  }

  private beginLook(): Promise<void> {
    this.nextLook = undefined;
    this.look = this.catchUp()
      .catch((error) => this.parts.warn('the topology store does not answer', error))
      .finally(() => {
        this.look = undefined;
      });
    return this.look;
  }

  private poll(): void {
    this.pollTimer = setTimeout(() => {
      void this.refresh().then(() => {
        if (this.pollTimer !== undefined) this.poll();
      });
    }, POLL_MS);
  }

  private async catchUp(): Promise<void> {
    if (this.unproven && !(await this.prove())) return;
    let askedAtMs = Number.NEGATIVE_INFINITY;
    for (;;) {
      askedAtMs = this.parts.nowMs();
      const changes = await this.parts.store.changesAfter(this.topology.version, CHANGES_PER_LOOK);
      for (const change of changes) {
        if (change.version > this.topology.version + 1) {
          return this.parts.onBroken(
            `T went from version ${this.topology.version} to ${change.version} at once`,
          );
        }
        this.topology.apply(change);
      }
      if (changes.length < CHANGES_PER_LOOK) break;
    }
    this.freshAtMs = askedAtMs;
    this.scheduleWrite(WRITE_PAUSE_MS_MIN);
  }

  /** A file's map is T's when T is not behind it. */
  private async prove(): Promise<boolean> {
    const { version } = await this.parts.store.snapshot();
    if (version < this.topology.version) {
      this.parts.onBroken(`the map on disk has version ${this.topology.version}, T has ${version}`);
      return false;
    }
    this.unproven = false;
    return true;
  }

  private scheduleWrite(inMs: number): void {
    if (this.parts.file === undefined) return;
    if (this.writeTimer !== undefined || this.writtenVersion === this.topology.version) return;
    this.writeTimer = setTimeout(async () => {
      const startedMs = this.parts.nowMs();
      await this.write();
      const tookMs = this.parts.nowMs() - startedMs;
      if (this.writeTimer === undefined) return;
      this.writeTimer = undefined;
      this.scheduleWrite(Math.max(WRITE_PAUSE_MS_MIN, tookMs * WRITE_PAUSE_PER_MS));
    }, inMs);
  }

  private async write(): Promise<void> {
    const { version } = this.topology;
    const { file } = this.parts;
    if (file === undefined || this.unproven || this.writtenVersion === version) return;
    try {
      await writeMapFile(file, this.topology);
      this.writtenVersion = version;
    } catch (error) {
      this.parts.warn('the map cannot be written to disk', error);
    }
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
