/** Groups on virtual time: several services over one store, with hosts that hang, die and answer late. */
import { vi } from 'vitest';
import { MemoryGroupStore } from '../adapters/memory/index.ts';
import { Frontiers } from '../heads/index.ts';
import { type EventHost, type FrontierReply, HostUnreachable, type ReadReply } from '../hosts/index.ts';
import { range } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { GroupService, type Poll, type PollRequest } from './group-service.ts';
import type { GroupStore } from './group-store.ts';
import type { Group } from './model.ts';
import { readsFromHosts, type ShardletHeads } from './reading-ports.ts';

const WHOLE = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });
const SETTINGS = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };

/** Heads that tests set, and tell or keep to themselves. */
export class KnownHeads implements ShardletHeads {
  readonly last = new Map<number, number>();
  private readonly listeners = new Set<(shardlet: number) => void>();
  followers = 0;
  private stamped = '';
  private stamps = 0;

  stamp(): number | undefined {
    const now = [...this.last].join();
    if (now !== this.stamped) this.stamps++;
    this.stamped = now;
    return this.stamps;
  }

  lastSeq(shardlet: number): number | undefined {
    return this.last.get(shardlet);
  }

  listen(onNews: (shardlet: number) => void): () => void {
    this.listeners.add(onNews);
    return () => this.listeners.delete(onNews);
  }

  follow(): () => void {
    this.followers++;
    return () => void this.followers--;
  }

  tell(shardlet: number): void {
    for (const listener of this.listeners) listener(shardlet);
  }
}

/** REQUIRES fake timers. */
export class ServiceWorld {
  readonly store: MemoryGroupStore;
  /** calls of the store, by name */
  readonly calls: Record<string, number> = {};
  /** shardlets that were read, in order */
  readonly read: number[] = [];
  /** hosts that were asked for all they have */
  readonly askedForAll: number[] = [];
  /** shardlets that hosts leave out of it */
  readonly untold = new Set<number>();
  /** shardlets whose host was asked for them alone */
  readonly described: number[] = [];
  /** ms that a host takes; Infinity: it hangs until the limit of the call */
  readonly delays = new Map<number, number>();
  readonly away = new Set<number>();
  readonly heads = new KnownHeads();
  /** as the hosts have it */
  readonly logs = new Map<number, number>();
  readonly shardlets = new Map<number, Shardlet>();
  /** by shardlet: the oldest event that is kept; 1 where nothing was trimmed */
  readonly firsts = new Map<number, number>();
  /** of the replicas; 1 where nothing was decided */
  readonly epochs = new Map<number, number>();
  /** by shardlet: of each event; 1 where none is given */
  readonly times = new Map<number, number[]>();
  /** what hosts can promise up to; without an end where none is given */
  readonly clocks = new Map<number, number>();
  /** questions for promises, by host */
  readonly promised: number[] = [];
  readonly map: TopologyMap;
  /** what a map learns when it is caught up with the topology store */
  onRefresh: () => void = () => {};

  constructor(owners: readonly number[]) {
    this.store = new MemoryGroupStore({ nowMicros: () => Date.now() * 1_000 });
    owners.forEach((owner, i) => {
      this.logs.set(i + 1, 0);
      this.shardlets.set(i + 1, shardletOf(i + 1, owner));
    });
    this.map = this.currentMap();
  }

  /** As the topology store has it now. */
  currentMap(): TopologyMap {
    const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false, ...SETTINGS };
    return new TopologyMap({
      ...EMPTY_TOPOLOGY,
      version: 1,
      streams: [stream],
      shardlets: [...this.shardlets.values()],
    });
  }

  /** Appends, and tells the heads unless it is `silently`. */
  append(shardlet: number, count = 1, silently = false): void {
    this.logs.set(shardlet, this.logs.get(shardlet)! + count);
    if (silently || !this.heads.last.has(shardlet)) return;
    this.heads.last.set(shardlet, this.logs.get(shardlet)!);
    this.heads.tell(shardlet);
  }

  appendAt(shardlet: number, ...times: readonly number[]): void {
    const all = this.times.get(shardlet) ?? [];
    this.times.set(shardlet, [...all, ...times]);
    this.append(shardlet, times.length);
  }

  knowHeads(): void {
    for (const [shardlet, last] of this.logs) this.heads.last.set(shardlet, last);
  }

  /** Ends `parent` where it is now; answers its child. */
  roll(parent: number): number {
    const id = this.shardlets.size + 1;
    const before = this.shardlets.get(parent)!;
    this.logs.set(id, 0);
    const child = { ...shardletOf(id, before.owner), parents: [parent] };
    const finalSeq = this.logs.get(parent)!;
    const finalTs = this.times.get(parent)?.at(-1) ?? 0;
    const closed = { ...before, state: { kind: 'closed' as const, successors: [id], finalSeq, finalTs } };
    this.shardlets.set(parent, closed).set(id, child);
    return id;
  }

  /** The host has lost what is after `seq`; the topology store names it. */
  lose(shardlet: number, seq: number): void {
    const before = this.shardlets.get(shardlet)!;
    const epoch = before.epoch + 1;
    this.logs.set(shardlet, seq);
    this.epochs.set(shardlet, epoch);
    this.shardlets.set(shardlet, { ...before, epoch, lost: [...before.lost, { epoch, seq }] });
  }

  /** Brings a map to what the topology store has. */
  catchUp(map: TopologyMap): void {
    const shardlets = [...this.shardlets.values()].filter((s) => map.shardlet(s.id) !== s);
    const nothing = {
      streams: [],
      hosts: [],
      hostsRemoved: [],
      streamsRemoved: [],
      garbage: [],
      garbageRemoved: [],
    };
    map.apply({ version: map.version + 1, shardlets, ...nothing } as never);
  }

  service(map: TopologyMap = this.map): GroupService {
    const host = async (id: number) => this.host(id);
    const followed = { topology: map, onChange: map.onChange.bind(map) };
    const promises = new Frontiers({ hosts: { get: host }, map: followed, nowMs: () => Date.now() });
    return new GroupService({
      ...{ store: this.counted(), map, host, heads: this.heads, reads: readsFromHosts(host), promises },
      refresh: async () => this.onRefresh(),
      nowMs: () => Date.now(),
      later(run, ms) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    });
  }

  async create(group: Partial<Group> = {}): Promise<void> {
    await this.service().create({ name: 'g', stream: 1, sessionMs: 10_000, ...group }, 'oldest');
  }

  private host(id: number): EventHost {
    const answer = async <T>(reply: () => T): Promise<T> => {
      const delayMs = this.delays.get(id) ?? 0;
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(delayMs, 5_000)));
      if (this.away.has(id) || delayMs === Number.POSITIVE_INFINITY)
        throw new HostUnreachable('timeout', 'hangs');
      return reply();
    };
    const read = (
      shardlet: number,
      from: number,
      _minEpoch: number,
      { maxRecords }: { maxRecords: number },
    ) => {
      this.read.push(shardlet);
      return answer((): ReadReply => {
        const lastSeq = this.logs.get(shardlet)!;
        const count = Math.max(0, Math.min(maxRecords, lastSeq - from + 1));
        const records = Array.from({ length: count }, (_, i) => ({
          seq: from + i,
          ts: this.times.get(shardlet)?.[from + i - 1] ?? 1,
          frame: new Uint8Array(8),
        }));
        const nextSeq = from + count;
        return {
          kind: 'records',
          epoch: this.epochs.get(shardlet) ?? 1,
          mode: 'open',
          records,
          nextSeq,
          lastSeq,
          last: 1,
          atEnd: nextSeq > lastSeq,
        };
      });
    };
    const describe = (shardlet: number) => {
      this.described.push(shardlet);
      return answer(() => ({ lastSeq: this.logs.get(shardlet)! }));
    };
    const answered = () => answer(() => this.frontierOf(id));
    const news = () => {
      this.askedForAll.push(id);
      return answered();
    };
    const promise = async () => {
      this.promised.push(id);
      return { ...(await answered()), restMicros: 0 };
    };
    return { read, describe, promise, news } as unknown as EventHost;
  }

  private frontierOf(host: number): FrontierReply {
    const own = [...this.shardlets.values()].filter((s) => s.owner === host && !this.untold.has(s.id));
    const changed = own.map(({ id: shardlet, state }) => ({
      ...{ shardlet, epoch: this.epochs.get(shardlet) ?? 1 },
      ...{ firstSeq: this.firsts.get(shardlet) ?? 1, lastSeq: this.logs.get(shardlet)! },
      mode: state.kind === 'open' ? ('open' as const) : ('sealed' as const),
    }));
    return { hostLast: this.clocks.get(host) ?? Number.MAX_SAFE_INTEGER, since: 0, changed };
  }

  private counted(): GroupStore {
    return new Proxy<GroupStore>(this.store, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          this.calls[String(name)] = (this.calls[String(name)] ?? 0) + 1;
          return member.apply(target, args);
        };
      },
    });
  }
}

function shardletOf(id: number, owner: number): Shardlet {
  const nothing = { parents: [], lost: [] };
  return {
    ...{ id, stream: 1, shard: 0, range: WHOLE, owner, epoch: 1 },
    state: { kind: 'open' },
    ...nothing,
  };
}

/** A member at a service, with what it keeps between its calls. */
export class TestMember {
  readonly id: string;
  at: GroupService;

  constructor(id: string, at: GroupService) {
    this.id = id;
    this.at = at;
  }

  get caller() {
    return { member: this.id, subject: 's' };
  }

  poll(more: Partial<PollRequest> = {}): Promise<Poll> {
    const request = { ...this.caller, limit: 100, after: new Map(), ...more };
    return this.settled(this.at.poll('g', request)) as Promise<Poll>;
  }

  async commit({ batches }: Poll) {
    const positions = batches.map((b) => ({
      ...{ shardlet: b.shardlet.id, seq: b.through, epoch: b.epoch, assignment: b.assignment },
    }));
    return this.settled(this.at.commit('g', { ...this.caller, positions }));
  }

  /** Time goes on until there is an answer. */
  private async settled<T>(call: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    call.then(over, over);
    for (let i = 0; i < 100_000 && !isOver; i++) await vi.advanceTimersByTimeAsync(1);
    return call;
  }
}
