/**
 * The streams for whose news somebody waits, and the hosts that have it. Who waits comes and goes with every
 * request, so a stream stays followed for a moment after the last one has gone.
 */
import type { Later } from '../kernel/index.ts';
import type { Change, TopologyMap } from '../topology/index.ts';
import type { FollowedTopology } from './frontiers.ts';

/** Longer than a member takes between two polls, so that the next one finds the heads known. */
const LINGER_MS = 2_000;
/** A host that has nothing of a stream any more is asked for so long at most: looking costs a scan of the stream. */
const RESCAN_MS = 1_000;

interface Followed {
  followers: number;
  hosts: Set<number>;
  /** the map's version when the stream was scanned, and when that was */
  version: number;
  scannedAtMs: number;
}

export interface FollowedStreamsParts {
  readonly map: FollowedTopology;
  readonly later: Later;
  readonly nowMs: () => number;
  /** a followed stream has something on it now */
  readonly onHost: (host: number) => void;
}

export class FollowedStreams {
  private readonly parts: FollowedStreamsParts;
  private readonly streams = new Map<number, Followed>();
  private readonly cancelLingering = new Set<() => void>();

  constructor(parts: FollowedStreamsParts) {
    this.parts = parts;
    parts.map.onChange((change) => this.grow(change));
  }

  get isEmpty(): boolean {
    return this.streams.size === 0;
  }

  has(stream: number): boolean {
    return this.streams.has(stream);
  }

  /** That have something of it; undefined: nobody follows it. */
  hosts(stream: number): ReadonlySet<number> | undefined {
    const followed = this.streams.get(stream);
    return followed && this.hostsOf(stream, followed);
  }

  hasHost(host: number): boolean {
    for (const [id, followed] of this.streams) if (this.hostsOf(id, followed).has(host)) return true;
    return false;
  }

  /** Answers the function that ends it; calling that again changes nothing. */
  follow(stream: number): () => void {
    const followed = this.streams.get(stream) ?? this.add(stream);
    followed.followers++;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const cancel = this.parts.later(() => {
        this.cancelLingering.delete(cancel);
        if (--followed.followers === 0) this.streams.delete(stream);
      }, LINGER_MS);
      this.cancelLingering.add(cancel);
    };
  }

  close(): void {
    for (const cancel of this.cancelLingering) cancel();
    this.cancelLingering.clear();
    this.streams.clear();
  }

  private add(stream: number): Followed {
    const followed = { followers: 0, hosts: new Set<number>(), version: -1, scannedAtMs: -Infinity };
    this.streams.set(stream, followed);
    for (const host of this.hostsOf(stream, followed)) this.parts.onHost(host);
    return followed;
  }

  private hostsOf(stream: number, followed: Followed): ReadonlySet<number> {
    const { topology } = this.parts.map;
    const nowMs = this.parts.nowMs();
    if (followed.version === topology.version || nowMs - followed.scannedAtMs < RESCAN_MS)
      return followed.hosts;
    followed.hosts = ownersIn(topology, stream);
    followed.version = topology.version;
    followed.scannedAtMs = nowMs;
    return followed.hosts;
  }

  /** A shardlet that came to another host is not waited for until the next scan. */
  private grow(change: Change): void {
    for (const { stream, owner } of change.shardlets) {
      const hosts = this.streams.get(stream)?.hosts;
      if (hosts === undefined || hosts.has(owner)) continue;
      hosts.add(owner);
      this.parts.onHost(owner);
    }
  }
}

function ownersIn(topology: TopologyMap, stream: number): Set<number> {
  const owners = new Set<number>();
  for (const { owner, state } of topology.shardlets(stream)) if (state.kind !== 'gone') owners.add(owner);
  return owners;
}
