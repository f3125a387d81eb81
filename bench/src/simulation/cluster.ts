/** All parties of one run on one virtual time, and the watch over what hosts and T do. */
import {
  type Coverage,
  checkOwnership,
  Draws,
  type OpenReplica,
  Schedule,
  type Violation,
} from '@foreshard/core/simulation';
import {
  addHost,
  createStream,
  type DecisionReply,
  EMPTY_TOPOLOGY,
  TopologyMap,
} from '@foreshard/core/topology';
import { ClientParty } from './client-party.ts';
import { DurableHost, type HostMethod } from './durable-host.ts';
import { EdgeParty } from './edge-party.ts';
import { FaultInjector } from './fault-injector.ts';
import { History } from './history.ts';
import { hostDoor, type OpenHost } from './host-handle.ts';
import { Locks } from './locks.ts';
import { Network } from './network.ts';
import { OperatorParty } from './operator-party.ts';
import { CLIENTS, type Plan } from './plan.ts';
import { ReaderParty } from './reader-party.ts';
import type { Scene } from './scene.ts';
import { TopologyService } from './topology-service.ts';
import { settle, type VirtualProcess } from './virtual-process.ts';
import { WorkerParty } from './worker-party.ts';

/** 2026-01-01, so that timestamps have their real size. */
const START_MICROS = 1_767_225_600_000_000;
const RETENTION_MS = 60_000;
const DEDUP_WINDOW_MS = 180_000;
const KEYS = 9;
const EVENTS_SHOWN = 6;
/** operations after which somebody more may take appends */
const OPENS: ReadonlySet<HostMethod> = new Set<HostMethod>(['createOpen', 'open', 'raise']);
/** not worth a line: they are asked all the time and change nothing */
const UNTOLD: ReadonlySet<HostMethod> = new Set<HostMethod>([
  'identify',
  'usage',
  'frontier',
  'read',
  'forgetIds',
]);

/** Something no party should ever do: not a broken invariant, but a defect all the same. */
export interface Defect {
  readonly who: string;
  readonly error: unknown;
}

export class Cluster implements Scene {
  readonly plan: Plan;
  readonly draws: Draws;
  readonly schedule = new Schedule(START_MICROS);
  readonly history: History;
  readonly network: Network;
  readonly topology: TopologyService;
  /** T as it is, for the checks */
  readonly truth = new TopologyMap(EMPTY_TOPOLOGY);
  readonly hosts = new Map<number, DurableHost>();
  readonly locks: Locks;
  readonly edges: readonly EdgeParty[];
  readonly workers: readonly WorkerParty[];
  readonly clients: readonly ClientParty[];
  readonly readers: readonly ReaderParty[];
  readonly operator: OperatorParty;
  readonly faults: FaultInjector;
  readonly keys: readonly string[];
  readonly alarms = new Map<number, string>();
  readonly violations: Violation[] = [];
  readonly defects: Defect[] = [];

  constructor(plan: Plan, coverage: Coverage, keepsHistory: boolean) {
    this.plan = plan;
    this.draws = new Draws(plan.seed);
    this.history = new History(this.schedule, keepsHistory);
    const { schedule, history } = this;
    const { weather, focus } = plan;
    this.network = new Network({ schedule, draws: this.draws.fork(), coverage, history, weather, focus });
    this.topology = new TopologyService(schedule, this.network);
    this.topology.onDecision = (name, reply, actor) => this.decided(name, reply, actor);
    this.locks = new Locks(schedule, this.draws.fork());
    this.keys = Array.from({ length: KEYS }, (_, i) => `key-${i}`);
    this.edges = ['edge-1', 'edge-2'].map(
      (name, i) => new EdgeParty(name, this, plan.edgeClockOffMicros[i]!),
    );
    this.workers = ['worker-1', 'worker-2'].map((name) => new WorkerParty(name, this));
    this.clients = Array.from({ length: CLIENTS }, (_, i) => this.client(`c${i + 1}`));
    this.readers = ['reader-1', 'reader-2'].map((name) => new ReaderParty(name, this));
    this.operator = new OperatorParty(this, plan.restructureEveryMs);
    this.faults = new FaultInjector(this, this);
  }

  client(name: string): ClientParty {
    return new ClientParty(name, this, this.keys, this.plan.splitKeys);
  }

  get hasFailed(): boolean {
    return this.violations.length > 0 || this.defects.length > 0;
  }

  doorFor(process: VirtualProcess): OpenHost {
    return hostDoor(process, this.network, this.hosts);
  }

  /** A shadow read differed from the copy: nothing in a simulation damages a copy. */
  noteDifference(move: number, detail: string): void {
    this.history.told('shadow', `move ${move}: ${detail}`);
  }

  isCalm = (): boolean => this.network.hasCalmed;

  /** T may be away; anything else is a defect. */
  expect(who: string, error: unknown): void {
    if (!(error instanceof Error) || error.name !== 'TopologyAway') this.fault(who, error);
  }

  fault(who: string, error: unknown): void {
    this.defects.push({ who, error });
  }

  /** Hosts that T knows, and a stream on them that workers have still to open. */
  async begin(): Promise<void> {
    for (const [i, durability] of this.plan.durabilities.entries()) await this.addHost(i + 1, durability);
    const { shardCount, splitKeys, hasRetention } = this.plan;
    const settings = { retentionMs: hasRetention ? RETENTION_MS : null, dedupWindowMs: DEDUP_WINDOW_MS };
    await this.topology.decide(
      createStream({ name: 'main', shardCount, splitKeys, shardletsPerShard: 2, settings }),
      'setup',
    );
    for (const party of [...this.edges, ...this.workers, ...this.readers, this.operator]) party.start();
    this.faults.start();
  }

  /** Lets things happen until then, or until `isEnough`, or until something is wrong. */
  async pass(micros: number, isEnough: () => boolean = () => false): Promise<void> {
    const until = this.schedule.nowMicros() + micros;
    await settle();
    while (!this.hasFailed && !isEnough() && this.schedule.step(until)) await settle();
  }

  /** The faults are over: everybody is up, everybody reaches everybody. */
  async heal(): Promise<void> {
    this.history.told('fault', 'no more faults');
    this.faults.stop();
    this.network.calm();
    this.topology.come();
    for (const host of this.hosts.values()) {
      host.memory.limitBytes = undefined;
      if (host.isEmptied) host.crash(false);
      host.isEmptied = false;
      if (!host.isUp) await host.start();
    }
    for (const party of [...this.edges, ...this.workers, this.operator])
      if (!party.caller.isAlive) party.start();
  }

  private async addHost(id: number, durability: 'always' | 'everysec'): Promise<void> {
    const { schedule } = this;
    const clockOffMicros = this.plan.hostClockOffMicros[id - 1]!;
    const host = new DurableHost(id, durability, {
      schedule,
      draws: this.draws.fork(),
      clockOffMicros,
      watch: (at, method, args, reply) => this.watch(at, method, args, reply),
    });
    this.hosts.set(id, host);
    void host.join();
    await settle();
    const { incarnation, name } = host;
    const request = { name, engine: 'redis', url: `redis://${name}`, incarnation, durability } as const;
    await this.topology.decide(addHost(request), 'setup');
  }

  private decided(name: string, reply: DecisionReply<unknown>, actor: string): void {
    if (reply.kind === 'refused') {
      this.history.told('T', `refuses ${name} by ${actor}: ${reply.refusal.detail}`);
      return;
    }
    void this.topology.store.changesAfter(this.truth.version, 100).then((changes) => {
      for (const change of changes) {
        this.truth.apply(change);
        for (const { id, owner, epoch, state } of change.shardlets)
          this.history.told(
            'T',
            `${change.version} ${name} by ${actor}: shardlet ${id}@${epoch} on host-${owner} ${JSON.stringify(state)}`,
            [id],
          );
        if (change.shardlets.length === 0) this.history.told('T', `${change.version} ${name} by ${actor}`);
      }
      return this.checkOwnership();
    });
  }

  private watch(host: DurableHost, method: HostMethod, args: readonly unknown[], reply: unknown): void {
    if (this.history.wanted && !UNTOLD.has(method)) this.tell(host, method, args, reply);
    if (OPENS.has(method)) void this.checkOwnership();
  }

  private tell(host: DurableHost, method: HostMethod, args: readonly unknown[], reply: unknown): void {
    if (method === 'append') {
      const groups = args[0] as { shardlet: number; epoch: number; count: number; frames: Uint8Array }[];
      for (const [i, { shardlet, epoch, frames }] of groups.entries()) {
        const text = Buffer.from(frames).toString('latin1');
        const ids = [...text.matchAll(/"id":"([^"]+)"/g)].map((match) => match[1]!);
        const told = JSON.stringify((reply as unknown[])[i]);
        this.history.told(host.name, `append ${shardlet}@${epoch} ${ids.slice(0, EVENTS_SHOWN)} -> ${told}`, [
          shardlet,
          ...ids,
        ]);
      }
      return;
    }
    const shown = args.filter((arg) => typeof arg !== 'object' || method === 'ready');
    const about = typeof args[0] === 'number' ? [args[0]] : [];
    this.history.told(
      host.name,
      `${method} ${shown.map((a) => JSON.stringify(a))} -> ${briefly(reply)}`,
      about,
    );
  }

  /** Only a run that T trusts is used by anybody. */
  private async checkOwnership(): Promise<void> {
    const open: OpenReplica[] = [];
    for (const host of this.hosts.values()) {
      if (!host.isUp || host.isEmptied || this.truth.host(host.id)?.incarnation !== host.incarnation)
        continue;
      for (const { shardlet, epoch, mode } of await host.memory.list(0, 10_000)) {
        if (mode !== 'open') continue;
        const details = await host.memory.describe(shardlet);
        if ('range' in details)
          open.push({ host: host.id, shardlet, epoch, stream: details.stream, range: details.range });
      }
    }
    this.violations.push(...checkOwnership(open));
  }
}

function briefly(reply: unknown): string {
  const text =
    JSON.stringify(reply, (key, value) => (key === 'frame' || key === 'records' ? undefined : value)) ?? '';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
