/**
 * Applies the retention of every stream. For each shardlet a cutoff in time is found, by age and by the bytes
 * of the whole stream; the trimming machine turns it into a seq. An age is over when the host's clock
 * and ours both say so: one that has jumped ahead must not take what is young. A host that does not answer keeps its
 * events until it does, and counts for nothing in the bytes of a stream meanwhile.
 */
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import { driveAll, type Outcome, performer } from '@foreshard/core/machines';
import {
  ageCutoff,
  isTrimmable,
  keptFrom,
  type Overtaken,
  OvertakenGroups,
  type ReplayFloor,
  trimmingMachine,
  WARNED_SHARE,
} from '@foreshard/core/retention';
import type { MapFollower, Shardlet, Stream, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { HostDoors } from '../hosts/host-doors.ts';
import type { Metrics } from '../process/metrics.ts';
import { streamBytesCutoff } from './stream-bytes.ts';

/** Freeing ids holds up the host: this many are a few milliseconds. */
const FORGET_STEP_IDS = 5_000;
/** Bounds one run; the next one goes on. */
const FORGET_STEPS_MAX = 200;

export interface RetentionParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly topology: Pick<TopologyStore, 'decide'>;
  readonly doors: Pick<HostDoors, 'trusted'>;
  /** left out: no group keeps state */
  readonly state?: StateParts;
  readonly metrics: Pick<Metrics, 'trimmed'>;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly actor: string;
}

/** Of groups that keep state. */
interface StateParts {
  /** by shardlet of the stream */
  floors(stream: number): Promise<ReadonlyMap<number, readonly ReplayFloor[]>>;
  /** All that was found in this run. */
  report(found: readonly Overtaken[]): Promise<void>;
}

interface Reached {
  readonly host: EventHost;
  readonly clockMicros: number;
}

export class RetentionJob {
  private readonly parts: RetentionParts;

  constructor(parts: RetentionParts) {
    this.parts = parts;
  }

  /** @throws when the topology store does not answer */
  async run(signal: AbortSignal): Promise<object | undefined> {
    const map = await this.parts.follower.upToDate();
    const reached = await this.reachHosts(map);
    const outcomes: Outcome[] = [];
    const overtaken = new OvertakenGroups();
    for (const stream of map.streams())
      outcomes.push(...(await this.trimStream(map, stream, reached, overtaken, signal)));
    await this.parts.state?.report(overtaken.all);
    const idsFreed = await this.forgetIds(reached, signal);
    for (const { kind } of outcomes) this.parts.metrics.trimmed.inc({ result: kind });
    const unfinished = outcomes.filter((o) => o.kind !== 'finished').length;
    if (unfinished === 0 && idsFreed === 0) return undefined;
    return { shardlets: outcomes.length, unfinished, idsFreed };
  }

  private async reachHosts(map: TopologyMap): Promise<Map<number, Reached>> {
    const reached = new Map<number, Reached>();
    const reach = async (id: number) => {
      const host = await this.parts.doors.trusted(id);
      reached.set(id, { host, clockMicros: (await host.identify()).clockMicros });
    };
    const hosts = map.hosts().filter((h) => h.state !== 'readmitting');
    for (const end of await Promise.allSettled(hosts.map((h) => reach(h.id))))
      if (end.status === 'rejected' && !(end.reason instanceof HostUnreachable)) throw end.reason;
    return reached;
  }

  private async trimStream(
    map: TopologyMap,
    stream: Stream,
    reached: ReadonlyMap<number, Reached>,
    overtaken: OvertakenGroups,
    signal: AbortSignal,
  ): Promise<Outcome[]> {
    if (stream.retentionMs === null && stream.retentionBytes === null) return [];
    const shardlets = [...map.shardlets(stream.id)].filter((s) => isTrimmable(s) && reached.has(s.owner));
    const hostOf = (s: Shardlet) => reached.get(s.owner)!;
    const clock = shardlets.reduce((latest, s) => Math.max(latest, hostOf(s).clockMicros), 0);
    // hosts spare what deduplication still needs
    const latest = clock - stream.dedupWindowMs * MICROS_PER_MS;
    const byBytes = await streamBytesCutoff(stream, shardlets, (s) => hostOf(s).host, latest);
    const now = this.parts.nowMs() * MICROS_PER_MS;
    const cutoffOf = (s: Shardlet) =>
      Math.max(byBytes, ageCutoff(stream, Math.min(hostOf(s).clockMicros, now)));
    const floors = (await this.parts.state?.floors(stream.id)) ?? new Map<number, ReplayFloor[]>();
    const warnedMicros = (stream.retentionMs ?? 0) * WARNED_SHARE * MICROS_PER_MS;
    for (const s of shardlets) {
      const own = floors.get(s.id);
      const goneBelow = own && (await firstAfter(hostOf(s).host, s, cutoffOf(s) + warnedMicros));
      if (goneBelow !== undefined) overtaken.note(stream.name, own!, goneBelow);
    }
    const machines = shardlets
      .filter((s) => cutoffOf(s) > 0)
      .map((s) => trimmingMachine(s, cutoffOf(s), keptFrom(floors.get(s.id))));
    return driveAll(machines, this.perform(signal));
  }

  private perform(signal: AbortSignal) {
    const { doors, topology, follower, actor } = this.parts;
    return performer({
      host: (id) => {
        signal.throwIfAborted();
        return doors.trusted(id);
      },
      decide: (decision) => topology.decide(decision, actor),
      readTopology: () => follower.upToDate(),
    });
  }

  private async forgetIds(reached: ReadonlyMap<number, Reached>, signal: AbortSignal): Promise<number> {
    let freed = 0;
    for (const [id, { host }] of reached) {
      try {
        for (let step = 0; step < FORGET_STEPS_MAX && !signal.aborted; step++) {
          const now = await host.forgetIds(FORGET_STEP_IDS);
          freed += now;
          if (now === 0) break;
        }
      } catch (error) {
        if (!(error instanceof HostUnreachable)) throw error;
        this.parts.log.debug({ host: id, err: error }, 'ids are freed later');
      }
    }
    return freed;
  }
}

/** The first seq of a later time; undefined where the host does not know it now. */
async function firstAfter(host: EventHost, { id }: Shardlet, ts: number): Promise<number | undefined> {
  try {
    const reply = await host.seek(id, Math.round(ts));
    return reply.kind === 'seq' ? reply.seq : undefined;
  } catch (error) {
    if (!(error instanceof HostUnreachable)) throw error;
    return undefined;
  }
}
