/**
 * Scores every shardlet and host once a minute from what is recorded: load and latency of the last minutes,
 * profiles, host usage, and, of a few shardlets a run in turn, the id sets their host looks into.
 */
import { HostUnreachable } from '@foreshard/core/hosts';
import {
  factsOf,
  type HealthSettings,
  type HealthStore,
  hostHealth,
  type ProfileStore,
  Profiles,
  shardletHealth,
} from '@foreshard/core/profiling';
import {
  type BlockStore,
  floorTo,
  HOST_USAGE_KEY,
  type HostUsageReport,
  hostUsageSchema,
  MINUTE_MS,
  newNamedLoads,
  unpackLoads,
} from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import { isLeaf, type Shardlet, type TopologyMap } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';
import type { HostDoors } from '../hosts/host-doors.ts';
import type { LoadFeed } from '../telemetry/load-feed.ts';

/** Long enough for quantiles of quiet shardlets, short enough to see trouble begin. */
const LOAD_MINUTES = 5;
/** How far a worker that begins looks for the last word of an edge. */
const LOOK_BACK_MS = 3_600_000;
const PROFILE_WINDOW_MS = 900_000;
/** Each is a call to a host; ten thousand shardlets are through in about an hour. */
const ASKED_PER_RUN = 200;

export interface ScoreHealthParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly doors: Pick<HostDoors, 'trusted'>;
  readonly redis: Pick<Redis, 'hgetall'>;
  readonly feed: Pick<LoadFeed, 'newestFlushMs' | 'nowMs'>;
  readonly blocks: Pick<BlockStore, 'read'>;
  readonly profiles: ProfileStore;
  readonly health: HealthStore;
  readonly settings: HealthSettings;
  readonly nowMs: () => number;
}

export class ScoreHealth {
  private readonly parts: ScoreHealthParts;
  private readonly idSets = new Map<number, number>();
  private newestFlushMs: number | undefined;
  /** the last shardlet that was asked for its id sets */
  private askedUpTo = 0;

  constructor(parts: ScoreHealthParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<undefined> {
    const { follower, health, settings, nowMs } = this.parts;
    const map = await follower.upToDate();
    const leaves = [...map.shardlets()].filter(isLeaf).sort((a, b) => a.id - b.id);
    await this.askForIdSets(leaves, signal);
    const facts = factsOf({
      ...(await this.recentLoads(map)),
      nowMs: nowMs(),
      leaves,
      hosts: map.hosts(),
      profiles: await this.recentProfiles(),
      usage: await this.usage(),
      idSets: this.idSets,
    });
    const shardlets = new Map([...facts.shardlets].map(([id, f]) => [id, shardletHealth(f, settings)]));
    const hosts = new Map([...facts.hosts].map(([id, f]) => [id, hostHealth(f, settings)]));
    await health.add({ atMs: nowMs(), shardlets, hosts });
    await health.forget(nowMs());
    return undefined;
  }

  /** The minutes that are rolled up: flushes would be sixty times as much to read. */
  private async recentLoads(map: TopologyMap) {
    const { blocks, feed } = this.parts;
    const named = newNamedLoads();
    const now = await feed.nowMs();
    for (const { id: stream } of map.streams())
      for (let back = 1; back <= LOAD_MINUTES; back++) {
        const startMs = floorTo(now, MINUTE_MS) - back * MINUTE_MS;
        const query = { stream, level: 'minute', parts: ['loads'] } as const;
        for (const { bytes } of await blocks.read({ ...query, fromMs: startMs, toMs: startMs + 1 }))
          unpackLoads(bytes, named);
      }
    const since = this.newestFlushMs ?? now - LOOK_BACK_MS;
    this.newestFlushMs = (await feed.newestFlushMs(since)) ?? this.newestFlushMs;
    return { loads: named.loads, loadMs: LOAD_MINUTES * MINUTE_MS, newestFlushMs: this.newestFlushMs };
  }

  private async recentProfiles(): Promise<Profiles> {
    const { profiles, nowMs } = this.parts;
    const merged = new Profiles();
    for (const period of await profiles.periods('minute', nowMs() - PROFILE_WINDOW_MS, nowMs()))
      merged.merge(period.profiles);
    return merged;
  }

  private async usage(): Promise<Map<number, HostUsageReport>> {
    const reports = await this.parts.redis.hgetall(HOST_USAGE_KEY);
    return new Map(
      Object.entries(reports).flatMap(([id, text]) => {
        const report = hostUsageSchema.safeParse(JSON.parse(text));
        return report.success ? [[Number(id), report.data]] : [];
      }),
    );
  }

  private async askForIdSets(leaves: readonly Shardlet[], signal: AbortSignal): Promise<void> {
    const later = leaves.filter((leaf) => leaf.id > this.askedUpTo);
    const asked = (later.length > 0 ? later : leaves).slice(0, ASKED_PER_RUN);
    for (const leaf of asked) {
      if (signal.aborted) return;
      try {
        const found = await (await this.parts.doors.trusted(leaf.owner)).describe(leaf.id);
        if (!('kind' in found)) this.idSets.set(leaf.id, found.inheritedIdSets.length);
      } catch (error) {
        if (!(error instanceof HostUnreachable)) throw error;
      }
    }
    this.askedUpTo = asked.at(-1)?.id ?? 0;
    const current = new Set(leaves.map((leaf) => leaf.id));
    for (const id of this.idSets.keys()) if (!current.has(id)) this.idSets.delete(id);
  }
}
