/** From what is recorded to the raw values of the parts. What nobody has recorded is left out, never guessed. */
import { type HostUsageReport, latencyOfBucket, type ShardletLoad } from '../telemetry/index.ts';
import type { Host, Shardlet } from '../topology/index.ts';
import type { HostFacts, ShardletFacts } from './health-score.ts';
import type { Profiles } from './profiles.ts';

export interface Recorded {
  readonly nowMs: number;
  readonly leaves: readonly Shardlet[];
  readonly hosts: readonly Host[];
  /** of the window that is scored */
  readonly loads: ReadonlyMap<number, ShardletLoad>;
  /** how long that window is */
  readonly loadMs: number;
  readonly profiles: Profiles;
  readonly usage: ReadonlyMap<number, HostUsageReport>;
  /** closed id sets that a shardlet refers to, where it was asked */
  readonly idSets: ReadonlyMap<number, number>;
  /** when an edge told about load last; undefined: never */
  readonly newestFlushMs: number | undefined;
}

const P99 = 0.99;
const MS_PER_S = 1_000;
const HOUR_MS = 3_600_000;

export interface Facts {
  readonly shardlets: ReadonlyMap<number, ShardletFacts>;
  readonly hosts: ReadonlyMap<number, HostFacts>;
}

export function factsOf(recorded: Recorded): Facts {
  const averages = averageByStream(recorded);
  const latency = (id: number) => {
    const load = recorded.loads.get(id);
    const bucket = load?.latency.quantileBucket(P99);
    return bucket === undefined ? undefined : latencyOfBucket(bucket);
  };
  const shardlets = new Map<number, ShardletFacts>();
  const byId = new Map(recorded.hosts.map((host) => [host.id, host]));
  for (const leaf of recorded.leaves) {
    const average = averages.get(leaf.stream) ?? 0;
    shardlets.set(leaf.id, shardletFacts(leaf, recorded, byId, average, latency(leaf.id)));
  }
  const hosts = new Map<number, HostFacts>();
  for (const host of recorded.hosts) hosts.set(host.id, hostFacts(host, recorded, latency));
  return { shardlets, hosts };
}

function shardletFacts(
  { id, owner }: Shardlet,
  { loads, loadMs, profiles, usage, idSets, newestFlushMs, nowMs }: Recorded,
  hosts: ReadonlyMap<number, Host>,
  average: number,
  latency: number | undefined,
): ShardletFacts {
  const load = loads.get(id);
  const profile = profiles.shardlets.get(id);
  return {
    reachable: reachable(hosts.get(owner), usage.get(owner)),
    loadSkew: average > 0 ? (load?.events ?? 0) / average : undefined,
    hotKey: load === undefined ? undefined : heaviestShare(load),
    latency,
    errors: load === undefined ? undefined : errorShare(load.errors, load.events),
    idSets: idSets.get(id),
    sizeSkew: profile === undefined ? undefined : Math.max(0, profile.sizes.skewness),
    fullness: fullness(usage.get(owner)),
    growth: hoursToFill(load?.bytes, loadMs, usage.get(owner)),
    staleness: newestFlushMs === undefined ? undefined : Math.max(0, nowMs - newestFlushMs) / MS_PER_S,
  };
}

function hostFacts(
  host: Host,
  { leaves, loads, usage, hosts, nowMs }: Recorded,
  latency: (id: number) => number | undefined,
): HostFacts {
  const report = usage.get(host.id);
  const own = leaves.filter((leaf) => leaf.owner === host.id);
  const sum = (of: readonly Shardlet[], what: 'events' | 'errors') =>
    of.reduce((total, { id }) => total + (loads.get(id)?.[what] ?? 0), 0);
  const average = sum(leaves, 'events') / Math.max(1, hosts.length);
  const latencies = own.map(({ id }) => latency(id)).filter((l) => l !== undefined);
  const limited = report?.limitBytes !== undefined;
  return {
    reachable: reachable(host, report),
    fullness: fullness(report),
    // what does not grow lasts as long as anybody cares for
    growth: report === undefined || !limited ? undefined : (report.hoursToFull ?? Number.MAX_SAFE_INTEGER),
    loadSkew: average > 0 ? sum(own, 'events') / average : undefined,
    latency: latencies.length === 0 ? undefined : Math.max(...latencies),
    errors: sum(leaves, 'events') === 0 ? undefined : errorShare(sum(own, 'errors'), sum(own, 'events')),
    durability: durability(host, report),
    staleness: report === undefined ? undefined : Math.max(0, nowMs - report.measuredAtMs) / MS_PER_S,
  };
}

/** Undefined: nobody has measured it yet. */
function reachable(host: Host | undefined, report: HostUsageReport | undefined): 0 | 1 | undefined {
  if (host?.state === 'readmitting') return 0;
  if (report === undefined) return undefined;
  return report.reachable && report.incarnationKnown && report.alarm === undefined ? 1 : 0;
}

function durability(host: Host, report: HostUsageReport | undefined): number | undefined {
  if (report === undefined) return undefined;
  if (!report.reachable || !report.incarnationKnown || host.state === 'readmitting') return 0;
  return host.durability === 'always' ? 1 : 0.5;
}

function fullness(report: HostUsageReport | undefined): number | undefined {
  if (report?.usedBytes === undefined || report.limitBytes === undefined) return undefined;
  return report.usedBytes / report.limitBytes;
}

/** What does not grow lasts as long as anybody cares for. */
function hoursToFill(
  bytes: number | undefined,
  overMs: number,
  report: HostUsageReport | undefined,
): number | undefined {
  if (bytes === undefined || report?.usedBytes === undefined || report.limitBytes === undefined)
    return undefined;
  const left = Math.max(0, report.limitBytes - report.usedBytes);
  return bytes === 0 ? Number.MAX_SAFE_INTEGER : (left / bytes) * (overMs / HOUR_MS);
}

function heaviestShare(load: ShardletLoad): number | undefined {
  const [heaviest] = load.topKeys.reported();
  return load.events === 0 ? undefined : Math.min(1, (heaviest?.events ?? 0) / load.events);
}

function errorShare(errors: number, events: number): number {
  return errors + events === 0 ? 0 : errors / (errors + events);
}

function averageByStream({ leaves, loads }: Recorded): Map<number, number> {
  const sums = new Map<number, { events: number; leaves: number }>();
  for (const { id, stream } of leaves) {
    const sum = sums.get(stream) ?? { events: 0, leaves: 0 };
    sums.set(stream, { events: sum.events + (loads.get(id)?.events ?? 0), leaves: sum.leaves + 1 });
  }
  return new Map([...sums].map(([stream, s]) => [stream, s.events / s.leaves]));
}
