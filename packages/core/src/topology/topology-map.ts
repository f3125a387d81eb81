/**
 * A follower's copy of the topology store: the snapshot with the changes applied since, indexed for look-ups by id,
 * by stream name and by host. It changes in place (a map may hold a million shardlets); the values in it are never
 * changed, only replaced. Whoever compiles something from it listens to `onChange`.
 */
import { invariant } from '../kernel/index.ts';
import { contains, type Position } from '../keyspace/index.ts';
import { type Difference, differences } from './difference.ts';
import {
  type Change,
  type Garbage,
  type Host,
  isLeaf,
  type Shardlet,
  type Stream,
  type Topology,
} from './model.ts';

export type ChangeListener = (change: Change, before: readonly (Shardlet | undefined)[]) => void;

const NONE: ReadonlySet<number> = new Set();

export class TopologyMap {
  private currentVersion: number;
  private readonly streamsById = new Map<number, Stream>();
  private readonly streamsByName = new Map<string, Stream>();
  private readonly hostsById = new Map<number, Host>();
  private readonly shardletsById = new Map<number, Shardlet>();
  private readonly shardletIdsByStream = new Map<number, Set<number>>();
  private garbageList: Garbage[];
  private readonly listeners = new Set<ChangeListener>();

  constructor(topology: Topology) {
    this.currentVersion = topology.version;
    this.garbageList = [...topology.garbage];
    for (const stream of topology.streams) this.putStream(stream);
    for (const host of topology.hosts) this.hostsById.set(host.id, host);
    for (const shardlet of topology.shardlets) this.putShardlet(shardlet);
  }

  get version(): number {
    return this.currentVersion;
  }

  /** REQUIRES the next version: a follower must not skip one. An older one is ignored (seen twice). */
  apply(change: Change): void {
    if (change.version <= this.currentVersion) return;
    invariant(
      change.version === this.currentVersion + 1,
      `change ${change.version} does not follow version ${this.currentVersion}`,
    );
    this.take({ change, forgotten: NONE });
  }

  /** Becomes what the snapshot says, whatever versions are between; listeners are told the difference. */
  replace(topology: Topology): void {
    for (const step of differences(this.toTopology(), topology)) this.take(step);
    this.currentVersion = topology.version;
  }

  private take({ change, forgotten }: Difference): void {
    const before = change.shardlets.map((s) => this.shardletsById.get(s.id));
    for (const id of change.streamsRemoved) this.removeStream(id);
    for (const stream of change.streams) this.putStream(stream);
    for (const id of change.hostsRemoved) this.hostsById.delete(id);
    for (const host of change.hosts) this.hostsById.set(host.id, host);
    for (const shardlet of change.shardlets)
      if (forgotten.has(shardlet.id)) this.removeShardlet(shardlet);
      else this.putShardlet(shardlet);
    this.applyGarbage(change);
    this.currentVersion = change.version;
    for (const listener of this.listeners) listener(change, before);
  }

  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  stream(id: number): Stream | undefined {
    return this.streamsById.get(id);
  }

  streamNamed(name: string): Stream | undefined {
    return this.streamsByName.get(name);
  }

  streams(): Stream[] {
    return [...this.streamsById.values()].sort((a, b) => a.id - b.id);
  }

  host(id: number): Host | undefined {
    return this.hostsById.get(id);
  }

  hosts(): Host[] {
    return [...this.hostsById.values()].sort((a, b) => a.id - b.id);
  }

  shardlet(id: number): Shardlet | undefined {
    return this.shardletsById.get(id);
  }

  /** Without an argument: of every stream. In no particular order. */
  *shardlets(stream?: number): Generator<Shardlet> {
    if (stream === undefined) yield* this.shardletsById.values();
    else for (const id of this.shardletIdsByStream.get(stream) ?? []) yield this.shardletsById.get(id)!;
  }

  *leaves(stream: number): Generator<Shardlet> {
    for (const shardlet of this.shardlets(stream)) if (isLeaf(shardlet)) yield shardlet;
  }

  garbage(): readonly Garbage[] {
    return this.garbageList;
  }

  /**
   * The shardlets that ever covered this position, parents before children (ids grow with every decision):
   * what a reader of one key has to go through. A linear scan: callers cache it by version.
   */
  lineageOf(stream: number, position: Position): Shardlet[] {
    const found: Shardlet[] = [];
    for (const shardlet of this.shardlets(stream))
      if (contains(shardlet.range, position)) found.push(shardlet);
    return found.sort((a, b) => a.id - b.id);
  }

  toTopology(): Topology {
    return {
      version: this.currentVersion,
      streams: this.streams(),
      hosts: this.hosts(),
      shardlets: [...this.shardletsById.values()],
      garbage: this.garbageList,
    };
  }

  private putStream(stream: Stream): void {
    const before = this.streamsById.get(stream.id);
    if (before !== undefined && this.streamsByName.get(before.name)?.id === stream.id)
      this.streamsByName.delete(before.name);
    this.streamsById.set(stream.id, stream);
    this.streamsByName.set(stream.name, stream);
    if (!this.shardletIdsByStream.has(stream.id)) this.shardletIdsByStream.set(stream.id, new Set());
  }

  private removeStream(id: number): void {
    const stream = this.streamsById.get(id);
    if (stream === undefined) return;
    this.streamsById.delete(id);
    this.streamsByName.delete(stream.name);
    for (const shardlet of this.shardletIdsByStream.get(id) ?? []) this.shardletsById.delete(shardlet);
    this.shardletIdsByStream.delete(id);
  }

  private putShardlet(shardlet: Shardlet): void {
    this.shardletsById.set(shardlet.id, shardlet);
    const ofStream = this.shardletIdsByStream.get(shardlet.stream);
    invariant(ofStream !== undefined, `shardlet ${shardlet.id} belongs to unknown stream ${shardlet.stream}`);
    ofStream.add(shardlet.id);
  }

  private removeShardlet({ id, stream }: Shardlet): void {
    this.shardletsById.delete(id);
    this.shardletIdsByStream.get(stream)?.delete(id);
  }

  private applyGarbage(change: Change): void {
    if (change.garbage.length === 0 && change.garbageRemoved.length === 0) return;
    const removed = new Set(change.garbageRemoved.map((g) => `${g.host}/${g.shardlet}/${g.epoch}`));
    this.garbageList = this.garbageList.filter((g) => !removed.has(`${g.host}/${g.shardlet}/${g.epoch}`));
    this.garbageList.push(...change.garbage);
  }
}
