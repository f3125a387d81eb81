/**
 * What an edge gives out from its cache, held against the hosts as they are. It knows nothing of how the cache works,
 * only what it promises: an answer without the host is one that the host could have given within the last 2 s, by a
 * frontier that it answered since, in the run and generation of the edge's map. Where the host went back and that does
 * not show, what it lost may come from a cache as long as nobody names it to this edge.
 */
import type { CachedReads } from '@foreshard/core/caching';
import type { EventHost, ReadReply } from '@foreshard/core/hosts';
import {
  type FinalLog,
  mayBeMissing,
  placeOfEvent,
  type Schedule,
  type Violation,
  violation,
} from '@foreshard/core/simulation';
import type { TopologyMap } from '@foreshard/core/topology';
import type { DurableHost, HostMethod } from './durable-host.ts';
import { eventOf } from './event-of.ts';
import type { SetBacks } from './set-backs.ts';

const BELIEVED_MICROS = 2_000_000;
/** operations after which a replica may lack what it had */
const SHORTENS: ReadonlySet<HostMethod> = new Set<HostMethod>([
  ...(['trim', 'truncate', 'ready', 'drop', 'createOpen', 'createShadow'] as const),
]);

/** A record that came from a cache after its host had lost it for more than the time that a host is believed. */
interface Outdated {
  readonly event: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number | undefined;
  /** of the edge's map */
  readonly knows: number;
  readonly detail: string;
}

export interface CacheCounts {
  hits: number;
  records: number;
}

export class CacheWatch {
  readonly counts: CacheCounts = { hits: 0, records: 0 };
  private readonly schedule: Schedule;
  private readonly hosts: ReadonlyMap<number, DurableHost>;
  private readonly setBacks: SetBacks;
  private readonly violations: Violation[];
  private readonly outdated: Outdated[] = [];
  /** by host and shardlet */
  private readonly shortenedAt = new Map<string, number>();

  constructor(parts: {
    schedule: Schedule;
    hosts: ReadonlyMap<number, DurableHost>;
    setBacks: SetBacks;
    violations: Violation[];
  }) {
    this.schedule = parts.schedule;
    this.hosts = parts.hosts;
    this.setBacks = parts.setBacks;
    this.violations = parts.violations;
  }

  performed({ id }: DurableHost, method: HostMethod, [shardlet]: readonly unknown[]): void {
    if (SHORTENS.has(method)) this.shortenedAt.set(`${id}/${shardlet}`, this.schedule.nowMicros());
  }

  /** For one edge in one run. */
  edge(name: string, map: TopologyMap): EdgeCacheWatch {
    return new EdgeCacheWatch(this, name, map);
  }

  nowMicros(): number {
    return this.schedule.nowMicros();
  }

  report(detail: string, shardlet: number): void {
    this.violations.push(violation('I6', detail, { shardlets: [shardlet] }));
  }

  /** REQUIRES an answer that did not come from the host. */
  async compare(
    who: { readonly edge: string; readonly knows: number },
    hostId: number,
    shardlet: number,
    { records }: Extract<ReadReply, { kind: 'records' }>,
  ): Promise<void> {
    this.counts.hits++;
    this.counts.records += records.length;
    const host = this.hosts.get(hostId)!;
    const changedAt = Math.max(host.wentBackAtMicros, this.shortenedAt.get(`${hostId}/${shardlet}`) ?? 0);
    const isLate = this.nowMicros() - changedAt > BELIEVED_MICROS;
    if (!isLate || records.length === 0) return;
    const held = await heldOf(host, shardlet, records[0]!.seq, records.at(-1)!.seq);
    for (const { seq, ts, frame } of records) {
      if (held.get(seq) === ts) continue;
      const event = eventOf(frame).id;
      const epoch = this.setBacks.epochOf(placeOfEvent({ event, shardlet, seq }));
      const detail = `${who.edge} gave out ${event} (${shardlet}/${seq}/${ts}) from its cache, which ${host.name} has not`;
      this.outdated.push({ event, shardlet, seq, epoch, knows: who.knows, detail });
    }
  }

  /** In the end it is known what nobody could notice, and what was named when. */
  check(log: FinalLog): Violation[] {
    const lasts = new Map(
      [...log.shardlets].map(([id, each]) => [id, { ...each, isGone: false, firstSeq: 1 }]),
    );
    const withTrimmed = { ...log, shardlets: lasts };
    return this.outdated
      .filter((each) => !mayBeMissing(withTrimmed, each))
      .map(({ detail, shardlet, event }) =>
        violation('I6', detail, { shardlets: [shardlet], events: [event] }),
      );
  }
}

async function heldOf({ memory }: DurableHost, shardlet: number, from: number, to: number) {
  const reply = await memory.read(shardlet, from, 0, { maxRecords: to - from + 1, maxBytes: 1e12 });
  const records = reply.kind === 'records' ? reply.records : [];
  return new Map(records.map(({ seq, ts }) => [seq, ts]));
}

export class EdgeCacheWatch {
  private readonly watch: CacheWatch;
  private readonly name: string;
  private readonly map: TopologyMap;
  private readonly fromHost = new WeakSet<object>();
  private readonly heard = new Map<number, { readonly askedAt: number; readonly run: string }>();

  constructor(watch: CacheWatch, name: string, map: TopologyMap) {
    this.watch = watch;
    this.name = name;
    this.map = map;
  }

  /** The host as the edge calls it. */
  host(id: number, host: EventHost): EventHost {
    const heard = async <R>(ask: () => Promise<R>): Promise<R> => {
      const [askedAt, run] = [this.watch.nowMicros(), this.runOf(id)];
      const answer = await ask();
      if ((this.heard.get(id)?.askedAt ?? 0) < askedAt) this.heard.set(id, { askedAt, run });
      return answer;
    };
    const frontier: EventHost['frontier'] = (...args) => heard(() => host.frontier(...args));
    const news: EventHost['news'] = (...args) => heard(() => host.news(...args));
    const promise: EventHost['promise'] = (...args) => heard(() => host.promise(...args));
    const read: EventHost['read'] = async (...args) => {
      const reply = await host.read(...args);
      this.fromHost.add(reply);
      return reply;
    };
    return Object.assign(Object.create(host) as EventHost, { frontier, news, promise, read });
  }

  /** The cache as the edge's readers call it. */
  reads(cached: Pick<CachedReads, 'readReplica'>): Pick<CachedReads, 'readReplica'> {
    return {
      readReplica: async (read) => {
        const reply = await cached.readReplica(read);
        await this.answered(read.host, read.shardlet, reply);
        return reply;
      },
    };
  }

  private async answered(host: number, shardlet: number, reply: ReadReply): Promise<void> {
    if (reply.kind !== 'records' || this.fromHost.has(reply)) return;
    const heard = this.heard.get(host);
    const isHeard = heard !== undefined && heard.run === this.runOf(host);
    const silentMicros = isHeard ? this.watch.nowMicros() - heard.askedAt : Number.POSITIVE_INFINITY;
    if (silentMicros > BELIEVED_MICROS)
      this.watch.report(
        `${this.name} answered for host ${host} from its cache and had not heard of it for ${silentMicros / 1e6} s`,
        shardlet,
      );
    const knows = this.map.version;
    await this.watch.compare({ edge: this.name, knows }, host, shardlet, reply);
  }

  private runOf(id: number): string {
    const host = this.map.host(id);
    return `${host?.generation} ${host?.incarnation}`;
  }
}
