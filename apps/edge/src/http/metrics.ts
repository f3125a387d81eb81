/**
 * What the edge tells about itself to Prometheus. Labels are bounded: streams and hosts are those of the
 * map, codes those of the error table. What is counted per group of events is added up in plain numbers and
 * handed over when somebody looks, because a labelled counter costs as much as the event itself.
 */
import type { CacheStats } from '@foreshard/core/caching';
import { removeMisnamed } from '@foreshard/core/exposition';
import type { HostUnreachable } from '@foreshard/core/hosts';
import type { ErrorCode } from '@foreshard/core/kernel';
import type { PrefetchLedger, SourceTotals } from '@foreshard/core/prefetching';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Gauges {
  readonly heldEvents: () => number;
  readonly bytesInFlight: () => number;
  readonly mapVersion: () => number;
  readonly mapAgeSeconds: () => number;
  readonly followers: () => number;
  readonly hostClaims: () => number;
  readonly cache: () => CacheStats;
  readonly prefetching: () => PrefetchLedger['totals'];
  readonly tokensAgeSeconds: () => number;
}

const LATENCY_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const EVENTS_PER_CALL = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

export class EdgeMetrics {
  readonly registry = new Registry();
  /** by stream, then by outcome: stored, duplicate, or the code of a refusal */
  private readonly events = new Map<string, Map<string, number>>();
  private readonly callSeconds: Histogram<'host'>;
  private readonly callEvents: Histogram<'host'>;
  private readonly failures: Counter<'host' | 'reason'>;
  private readonly requests: Counter<'route' | 'status'>;
  private readonly lostFlushes: Counter;
  private readonly lostProfiles: Counter;
  private readonly faults: Counter;
  private readonly lanes: Counter<'lane'>;
  private readonly regressions: Counter<'host'>;
  private readonly unanswered: Counter<'host'>;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    removeMisnamed(this.registry);
    this.addEventCounter();
    this.callSeconds = new Histogram({
      name: 'foreshard_edge_append_seconds',
      help: 'Time of one append call to a host',
      labelNames: ['host'],
      buckets: LATENCY_SECONDS,
      registers,
    });
    this.callEvents = new Histogram({
      name: 'foreshard_edge_append_events',
      help: 'Events of one append call to a host',
      labelNames: ['host'],
      buckets: EVENTS_PER_CALL,
      registers,
    });
    this.failures = new Counter({
      name: 'foreshard_edge_host_failures_total',
      help: 'Append calls whose outcome is not known, by reason',
      labelNames: ['host', 'reason'],
      registers,
    });
    this.requests = new Counter({
      name: 'foreshard_edge_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['route', 'status'],
      registers,
    });
    this.lostFlushes = new Counter({
      name: 'foreshard_edge_load_flushes_lost_total',
      help: 'Seconds of load counters that the control Redis did not take',
      registers,
    });
    this.lostProfiles = new Counter({
      name: 'foreshard_edge_profile_flushes_lost_total',
      help: 'Ten seconds of profiles that the control Redis did not take',
      registers,
    });
    this.lanes = new Counter({
      name: 'foreshard_edge_lane_events_total',
      help: 'Events by lane: direct (lease on the map), shard (the topology store was asked first), unconfirmed (the topology store did not answer)',
      labelNames: ['lane'],
      registers,
    });
    this.regressions = new Counter({
      name: 'foreshard_edge_host_regressions_total',
      help: 'Times this edge saw a host go back to an older state',
      labelNames: ['host'],
      registers,
    });
    this.unanswered = new Counter({
      name: 'foreshard_edge_host_claims_unanswered_total',
      help: 'Claims that the topology store did not answer in time: the host is used again',
      labelNames: ['host'],
      registers,
    });
    this.faults = new Counter({
      name: 'foreshard_edge_faults_total',
      help: 'Unexpected faults of the edge; the log has them',
      registers,
    });
  }

  lane(lane: string, events: number): void {
    this.lanes.inc({ lane }, events);
  }

  stored(stream: string, events: number): void {
    this.count(stream, 'stored', events);
  }

  duplicates(stream: string, events: number): void {
    this.count(stream, 'duplicate', events);
  }

  refused(stream: string, code: ErrorCode, events: number): void {
    this.count(stream, code, events);
  }

  called(host: string, micros: number, events: number): void {
    this.callSeconds.observe({ host }, micros / 1_000_000);
    this.callEvents.observe({ host }, events);
  }

  unreachable(host: string, error: HostUnreachable): void {
    this.failures.inc({ host, reason: error.reason });
  }

  regressed(host: string): void {
    this.regressions.inc({ host });
  }

  claimUnanswered(host: string): void {
    this.unanswered.inc({ host });
  }

  answered(route: string, status: number): void {
    this.requests.inc({ route, status });
  }

  lostFlush(): void {
    this.lostFlushes.inc();
  }

  lostProfile(): void {
    this.lostProfiles.inc();
  }

  fault(): void {
    this.faults.inc();
  }

  watch(gauges: Gauges): void {
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name: `foreshard_edge_${name}`,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    gauge('held_events', 'Events that wait for a shardlet', gauges.heldEvents);
    gauge('bytes_in_flight', 'Bytes of requests that are being worked on', gauges.bytesInFlight);
    gauge('map_version', 'Version of the map of the topology', gauges.mapVersion);
    gauge('map_age_seconds', 'Time since the topology store last answered', gauges.mapAgeSeconds);
    gauge(
      'tokens_age_seconds',
      'Time since the list of tokens was read from PostgreSQL; nobody is let in after TOKEN_STALE_MAX',
      gauges.tokensAgeSeconds,
    );
    gauge('host_claims', 'Claims about hosts that wait for a verdict', gauges.hostClaims);
    gauge('cache_bytes', 'Memory that the shard cache holds', () => gauges.cache().bytes);
    this.addCacheCounters(gauges.cache);
    this.addPrefetchCounters(gauges.prefetching);
    gauge('followers', 'Readers that follow a log or a key as server-sent events', gauges.followers);
  }

  private count(stream: string, outcome: string, events: number): void {
    let outcomes = this.events.get(stream);
    if (outcomes === undefined) this.events.set(stream, (outcomes = new Map()));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + events);
  }

  private addCacheCounters(stats: () => CacheStats): void {
    const registers = [this.registry];
    new Counter({
      name: 'foreshard_edge_cache_reads_total',
      help: 'Reads of shardlets: hit (answered from the shard cache), miss (asked of the host)',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        const { hits, misses } = stats();
        this.inc({ result: 'hit' }, hits);
        this.inc({ result: 'miss' }, misses);
      },
    });
    const counter = (name: string, help: string, value: (stats: CacheStats) => number) =>
      new Counter({
        name: `foreshard_edge_cache_${name}_total`,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value(stats()));
        },
      });
    counter('hit_bytes', 'Bytes of events given out from the shard cache', (all) => all.hitBytes);
    counter('evictions', 'Segments of the shard cache let go for want of room', (all) => all.evictions);
    counter(
      'voided',
      'Segments dropped because of a loss, retention or a host that went back',
      (all) => all.voided,
    );
  }

  private addPrefetchCounters(totals: Gauges['prefetching']): void {
    const counter = (name: string, help: string, value: (of: SourceTotals) => number) =>
      new Counter({
        name: `foreshard_edge_prefetch_${name}_total`,
        help,
        labelNames: ['source'],
        registers: [this.registry],
        collect() {
          this.reset();
          for (const [source, of] of Object.entries(totals())) this.inc({ source }, value(of));
        },
      });
    counter('fetched_bytes', 'Bytes of events fetched before anybody asked', (of) => of.fetchedBytes);
    counter('used_bytes', 'Of these, bytes of objects that were read in time', (of) => of.usedBytes);
    counter('wasted_bytes', 'Of these, bytes of objects that nobody read in time', (of) => of.wastedBytes);
    counter('saved_seconds', 'Wait that readers were spared', (of) => of.savedMs / 1_000);
  }

  private addEventCounter(): void {
    const { events } = this;
    new Counter({
      name: 'foreshard_edge_events_total',
      help: 'Events by what became of them',
      labelNames: ['stream', 'outcome'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [stream, outcomes] of events) {
          for (const [outcome, count] of outcomes) this.inc({ stream, outcome }, count);
        }
      },
    });
  }
}
