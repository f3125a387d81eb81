/**
 * The edge's map: it follows the topology store, with a route table per stream, and is kept on disk for a start while
 * the store is away. Then the last map serves: the hosts' fences keep it safe.
 */
import type { RouteTable } from '@foreshard/core/routing';
import {
  type ChangeListener,
  type FirstTopology,
  MapFollower,
  type MapFollowerParts,
  type TopologyMap,
} from '@foreshard/core/topology';
import type { EdgeMap } from './edge-map.ts';
import { readMapFile, writeMapFile } from './map-file.ts';
import { StreamTables } from './stream-tables.ts';

export interface FollowedMapParts extends Pick<MapFollowerParts, 'store' | 'notifier' | 'nowMs'> {
  /** where the last map is kept; undefined: nowhere */
  readonly file: string | undefined;
  readonly warn: (message: string, error: unknown) => void;
  /** the whole map was loaded again, for this reason */
  readonly reloaded: (reason: string) => void;
}

const POLL_MS = 1_000;
/** how long a start waits for the topology store before it takes the map on disk */
const SNAPSHOT_PATIENCE_MS = 3_000;
/** the file is written at most this often, and takes at most a tenth of the time */
const WRITE_PAUSE_MS_MIN = 3_000;
const WRITE_PAUSE_PER_MS = 10;

export interface FirstMap extends FirstTopology {
  readonly from: 'store' | 'file';
}

/** The map to begin with; `undefined` when the topology store is away and there is none on disk. */
export async function firstMap({
  store,
  file,
}: Pick<FollowedMapParts, 'store' | 'file'>): Promise<FirstMap | undefined> {
  const snapshot = store.snapshot();
  const fromStore = await Promise.race([snapshot.catch(() => undefined), pause(SNAPSHOT_PATIENCE_MS)]);
  if (fromStore !== undefined) return { topology: fromStore, isProven: true, from: 'store' };
  const fromFile = file === undefined ? undefined : await readMapFile(file);
  return fromFile && { topology: fromFile, isProven: false, from: 'file' };
}

export class FollowedMap implements EdgeMap {
  readonly topology: TopologyMap;
  private readonly parts: FollowedMapParts;
  private readonly follower: MapFollower;
  private readonly tables: StreamTables;
  private readonly listeners = new Set<ChangeListener>();
  private writtenVersion = -1;
  private writeTimer: NodeJS.Timeout | undefined;

  constructor(first: FirstMap, parts: FollowedMapParts) {
    const { store, notifier, nowMs, warn, reloaded } = parts;
    this.parts = parts;
    this.follower = new MapFollower(
      {
        ...{ store, notifier, nowMs, later, pollMs: POLL_MS },
        observer: { reloaded, unanswered: (error) => warn('the topology store does not answer', error) },
      },
      first,
    );
    this.topology = this.follower.map;
    this.tables = new StreamTables(this.topology);
    this.topology.onChange((change, before) => {
      this.tables.apply(change, before);
      for (const listener of this.listeners) listener(change, before);
      this.scheduleWrite(WRITE_PAUSE_MS_MIN);
    });
  }

  routeTable(streamId: number): RouteTable {
    return this.tables.of(streamId);
  }

  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** ms since the question that the topology store answered last: nothing older than this is missing in the map */
  get ageMs(): number {
    return this.follower.ageMs;
  }

  /** when that question was asked, on the clock of `nowMs`; a map from disk was never an answer */
  get answeredAskedAtMs(): number {
    return this.follower.answeredAskedAtMs;
  }

  async start(): Promise<void> {
    this.scheduleWrite(0);
    await this.follower.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.writeTimer);
    this.writeTimer = undefined;
    await this.follower.stop();
    clearTimeout(this.writeTimer);
    this.writeTimer = undefined;
    await this.write();
  }

  refresh(): Promise<void> {
    return this.follower.refresh();
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
    if (file === undefined || !this.follower.isProven || this.writtenVersion === version) return;
    try {
      await writeMapFile(file, this.topology);
      this.writtenVersion = version;
    } catch (error) {
      this.parts.warn('the map cannot be written to disk', error);
    }
  }
}

function later(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
