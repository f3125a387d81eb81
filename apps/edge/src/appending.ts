/**
 * The way of an event into a host: what holds it, counts it, and guards the host. Reads are counted beside it, so that
 * the load of a shardlet is the load of all that is done with it.
 */
import { type Clock, MICROS_PER_MS } from '@foreshard/core/kernel';
import { LoadCounters } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import type { EdgeParts, Fault, Loaded, Warn } from './edge-parts.ts';
import { MemoryGuard } from './hosts/memory-guard.ts';
import type { EdgeMetrics } from './http/metrics.ts';
import { Ingestion, type IngestionLimits, type IngestionObserver } from './ingest/ingestion.ts';
import { LeasedIngestion } from './ingest/leased-ingestion.ts';
import { HostShares } from './limits/index.ts';
import type { FollowedMap } from './map/follower.ts';
import { profiling } from './profiling/index.ts';
import { HostClaims, LastAcknowledged } from './proof/index.ts';
import { type EdgeSettings, hostPatienceMs } from './settings.ts';
import { HotKeyLane } from './telemetry/hot-key-lane.ts';
import { loadFlushing } from './telemetry/load-flushing.ts';
import { LoadObserver } from './telemetry/load-observer.ts';

/** Half of the bytes that may be in flight may wait: the rest of the traffic goes on. */
const HELD_SHARE_OF_BYTES = 0.5;
const HELD_EVENTS_MAX = 200_000;

/**
 * A call as large as this costs the host some ten milliseconds, in which it answers nobody else; larger
 * ones save nothing more.
 */
const CALL_EVENTS_MAX = 4_000;
const CALL_BYTES_MAX = 2 * 1_048_576;
/** two are on their way at a time, and the host may have others to answer */
const CALL_SHARE_OF_PATIENCE = 0.25;
/** the same with as many shardlets: a group of one event takes some 20 microseconds */
const CALL_GROUPS_MAX = 1_000;

export const systemClock: Clock = { nowMicros: () => Date.now() * MICROS_PER_MS };

export interface AppendsHeard {
  /** a host went back, and is used again although nobody names what it lost */
  usedAgain(host: number): void;
  appended(shardlet: number, lastSeq: number): void;
}

/** Appends as they go through an edge, with what has to run beside them. */
export function appending(parts: EdgeParts, loaded: Loaded, heard: AppendsHeard) {
  const { map, hosts, metrics, warn, fault } = loaded;
  const { settings } = parts;
  const guard = new MemoryGuard(
    (hostId) => hosts.get(hostId),
    (hostId) => ingestion.hostAnswers(hostId),
  );
  const hotKeys = hotKeyLane(parts, map);
  const counters = new LoadCounters(settings.edgeId, Date.now());
  const load = new LoadObserver(
    counters,
    (shardlet) => map.topology.shardlet(shardlet)?.owner,
    (shardlet, keyHash) => hotKeys.observe(shardlet, keyHash),
  );
  const acknowledged = new LastAcknowledged();
  const claims = hostClaims(parts, loaded, acknowledged, heard.usedAgain);
  const observer = {
    ...observerOf(metrics, load, map.topology, fault, warn),
    acknowledged(host: number, shardlet: number, epoch: number, seq: number, ts: number) {
      acknowledged.note(host, shardlet, epoch, seq, ts);
      heard.appended(shardlet, seq);
    },
  };
  const isFull = (hostId: number) => guard.isFull(hostId);
  const limits = limitsOf(settings);
  const shares = new HostShares({ limit: parts.demoLimit, nowMs: Date.now, warn });
  const takesShare = (stream: string, hostId: number) => shares.take(stream, hostId);
  const ingestion = new Ingestion({ map, hosts, isFull, takesShare, clock: systemClock, limits, observer });
  const profiles = profiling({
    ...settings,
    stream: parts.redis,
    fault,
    onLost: () => metrics.lostProfile(),
  });
  const loads = loadFlushing(counters, parts.redis, () => metrics.lostFlush());
  const beside = [guard, claims, hotKeys, loads, profiles.flushing, shares];
  return {
    load,
    claims,
    heldEvents: () => ingestion.heldEvents,
    intake: load.countingKeys(profiles.around(leasedIngestion(ingestion, map, metrics, warn))),
    start: () => beside.forEach((one) => void one.start()),
    stop: () => Promise.all(beside.map((one) => one.stop())),
  };
}

function hotKeyLane({ hotKeys: { policies, report } }: EdgeParts, map: FollowedMap): HotKeyLane {
  return new HotKeyLane({
    policy: async () => (await policies.at(Date.now())).policy,
    report,
    splitsKeys(shardlet) {
      const stream = map.topology.shardlet(shardlet)?.stream;
      return stream !== undefined && map.topology.stream(stream)?.splitKeys === true;
    },
    nowMs: Date.now,
  });
}

function hostClaims(
  { settings, proofs, log }: EdgeParts,
  { map, hosts, metrics }: Loaded,
  acknowledged: LastAcknowledged,
  usedAgain: (host: number) => void,
): HostClaims {
  return new HostClaims({
    hosts: () => map.topology.hosts(),
    watch: (id) => hosts.watch(id),
    ...{ acknowledged, usedAgain },
    proofs,
    claimant: settings.edgeId,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    observer: {
      regressed({ name }, seen) {
        metrics.regressed(name);
        log.error({ host: name, ...seen }, 'host went back to an older state: the topology store is asked');
      },
      unanswered({ name }) {
        metrics.claimUnanswered(name);
        log.warn(
          { host: name },
          'nobody said whether the host went back to an older state: it is used again; check PostgreSQL and the worker',
        );
      },
    },
  });
}

function leasedIngestion(ingestion: Ingestion, map: FollowedMap, metrics: EdgeMetrics, warn: Warn) {
  return new LeasedIngestion({
    submit: (intake) => ingestion.submit(intake),
    refresh: () => map.refresh(),
    answeredAskedAtMs: () => map.answeredAskedAtMs,
    nowMs: Date.now,
    observe(lane, events) {
      metrics.lane(lane, events);
      if (lane !== 'direct')
        warn(`appends are in the lane "${lane}": the lease on the map ran out`, undefined);
    },
  });
}

function limitsOf(settings: EdgeSettings): IngestionLimits {
  const { inFlightBytesMax, holdMsMax } = settings;
  return {
    hold: {
      eventsMax: HELD_EVENTS_MAX,
      bytesMax: inFlightBytesMax * HELD_SHARE_OF_BYTES,
      waitMicrosMax: holdMsMax * MICROS_PER_MS,
    },
    call: {
      eventsMax: CALL_EVENTS_MAX,
      bytesMax: CALL_BYTES_MAX,
      groupsMax: CALL_GROUPS_MAX,
      microsMax: CALL_SHARE_OF_PATIENCE * hostPatienceMs(settings) * MICROS_PER_MS,
    },
  };
}

function observerOf(
  metrics: EdgeMetrics,
  load: LoadObserver,
  map: TopologyMap,
  fault: Fault,
  warn: Warn,
): Omit<IngestionObserver, 'acknowledged'> {
  const nameOf = (hostId: number) => map.host(hostId)?.name ?? String(hostId);
  return {
    stored(stream, shardlet, events, bytes) {
      metrics.stored(stream, events);
      load.stored(shardlet, events, bytes);
    },
    duplicates(stream, events) {
      metrics.duplicates(stream, events);
      load.duplicates(events);
    },
    refused(stream, shardlet, code, events) {
      metrics.refused(stream, code, events);
      load.refused(shardlet, events);
    },
    called(hostId, micros, events) {
      metrics.called(nameOf(hostId), micros, events);
      load.called(hostId, micros);
    },
    unreachable(hostId, error) {
      metrics.unreachable(nameOf(hostId), error);
      warn(`host ${nameOf(hostId)} does not answer`, error);
    },
    fault,
  };
}
