/** All parties of one run on one virtual time, and the watch over what hosts and the topology store do. */
import { type Coverage, Draws, Schedule, type Violation } from '@foreshard/core/simulation';
import {
  addHost,
  createStream,
  type DecisionReply,
  EMPTY_TOPOLOGY,
  TopologyMap,
} from '@foreshard/core/topology';
import { CacheWatch } from './cache-watch.ts';
import { ClientParty } from './client-party.ts';
import { DurableHost } from './durable-host.ts';
import { EdgeParty } from './edge-party.ts';
import { FaultInjector } from './fault-injector.ts';
import { History } from './history.ts';
import { hostDoor, type Onlooker, type OpenHost } from './host-handle.ts';
import { Locks } from './locks.ts';
import { Network } from './network.ts';
import { OperatorParty } from './operator-party.ts';
import { PersonParty } from './person-party.ts';
import { CLIENTS, type Plan } from './plan.ts';
import { OF_LOG, ofKey, ReaderParty } from './reader-party.ts';
import type { Scene } from './scene.ts';
import { SetBacks } from './set-backs.ts';
import { ShardletReaderParty } from './shardlet-reader-party.ts';
import { TopologyService } from './topology-service.ts';
import { settle, settledSteps, type VirtualProcess } from './virtual-process.ts';
import { Witness } from './witness.ts';
import { WorkerParty } from './worker-party.ts';

/** 2026-01-01, so that timestamps have their real size. */
const START_MICROS = 1_767_225_600_000_000;
const RETENTION_MS = 60_000;
const DEDUP_WINDOW_MS = 180_000;
const KEYS = 9;
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
  /** The topology store as it is, for the checks */
  readonly truth = new TopologyMap(EMPTY_TOPOLOGY);
  readonly hosts = new Map<number, DurableHost>();
  readonly witness: Witness;
  readonly locks: Locks;
  readonly edges: readonly EdgeParty[];
  readonly workers: readonly WorkerParty[];
  readonly clients: readonly ClientParty[];
  readonly readers: readonly ReaderParty[];
  readonly shardletReader: ShardletReaderParty;
  readonly operator: OperatorParty;
  readonly person: PersonParty;
  readonly setBacks: SetBacks;
  readonly cacheWatch: CacheWatch;
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
    const { weather, focus, durabilities } = plan;
    const mayGoBack = plan.faults.includes('older state') || focus.fault === 'older state';
    const mayLoseDisk = plan.faults.includes('empty disk');
    const notesEpochs = durabilities.includes('everysec') || mayGoBack || mayLoseDisk;
    const { hosts, truth, violations } = this;
    this.network = new Network({ schedule, draws: this.draws.fork(), coverage, history, weather, focus });
    this.topology = new TopologyService(schedule, this.network);
    this.setBacks = new SetBacks(truth, this.topology, coverage);
    const { setBacks } = this;
    this.witness = new Witness({ hosts, truth, history, violations, setBacks, notesEpochs });
    this.cacheWatch = new CacheWatch({ schedule, hosts, setBacks, violations });
    this.topology.onDecision = (name, reply, actor) => this.decided(name, reply, actor);
    this.locks = new Locks(schedule, this.draws.fork());
    this.keys = Array.from({ length: KEYS }, (_, i) => `key-${i}`);
    this.edges = ['edge-1', 'edge-2'].map(
      (name, i) => new EdgeParty(name, this, plan.edgeClockOffMicros[i]!),
    );
    this.workers = ['worker-1', 'worker-2'].map((name) => new WorkerParty(name, this));
    this.clients = Array.from({ length: CLIENTS }, (_, i) => this.client(`c${i + 1}`));
    this.readers = [
      ...['reader-1', 'reader-2'].map((name) => new ReaderParty(name, this, OF_LOG)),
      new ReaderParty('key-reader', this, ofKey(this.draws.pick(this.keys))),
    ];
    this.shardletReader = new ShardletReaderParty(this);
    this.operator = new OperatorParty(this, plan.restructureEveryMs);
    this.person = new PersonParty(this);
    this.faults = new FaultInjector(this, this);
  }

  client(name: string, usesTokens = this.plan.splitKeys): ClientParty {
    return new ClientParty(name, this, this.keys, usesTokens);
  }

  get hasFailed(): boolean {
    return this.violations.length > 0 || this.defects.length > 0;
  }

  doorFor(process: VirtualProcess, onlooker?: Onlooker): OpenHost {
    return hostDoor(process, this.network, this.hosts, onlooker);
  }

  /** A shadow read differed from the copy: nothing in a simulation damages a copy. */
  noteDifference(move: number, detail: string): void {
    this.history.note('shadow', `move ${move}: ${detail}`);
  }

  shardletIds = (): number[] =>
    [...this.truth.shardlets()].filter(({ state }) => state.kind !== 'gone').map(({ id }) => id);

  isCalm = (): boolean => this.network.hasCalmed;

  epochOf = (event: string, shardlet: number, seq: number | undefined): number | undefined =>
    this.witness.epochOf(event, shardlet, seq);

  /** The topology store may be away; anything else is a defect. */
  expect(who: string, error: unknown): void {
    if (!(error instanceof Error) || error.name !== 'TopologyAway') this.fault(who, error);
  }

  fault(who: string, error: unknown): void {
    this.defects.push({ who, error });
  }

  /** Hosts that the topology store knows, and a stream on them that workers have still to open. */
  async start(): Promise<void> {
    for (const [i, durability] of this.plan.durabilities.entries()) await this.addHost(i + 1, durability);
    const { shardCount, splitKeys, hasRetention } = this.plan;
    const settings = { retentionMs: hasRetention ? RETENTION_MS : null, dedupWindowMs: DEDUP_WINDOW_MS };
    await this.topology.decide(
      createStream({ name: 'main', shardCount, splitKeys, shardletsPerShard: 2, settings }),
      'setup',
    );
    const { edges, workers, readers, shardletReader, operator, person } = this;
    for (const party of [...edges, ...workers, ...readers, shardletReader, operator, person]) party.start();
    this.faults.start();
  }

  /** Lets things happen until then, or until `isEnough`, or until something is wrong. */
  async pass(micros: number, isEnough: () => boolean = () => false): Promise<void> {
    const until = this.schedule.nowMicros() + micros;
    await settledSteps(() => !this.hasFailed && !isEnough() && this.schedule.step(until));
  }

  /** The faults are over: everybody is up, everybody reaches everybody. */
  async heal(): Promise<void> {
    this.history.note('fault', 'no more faults');
    this.faults.stop();
    this.network.calm();
    this.topology.come();
    for (const host of this.hosts.values()) {
      host.memory.limitBytes = undefined;
      if (host.isEmptied) {
        host.crash(false);
        host.swapDisk(false);
      }
      if (!host.isUp) await host.start();
    }
    for (const party of [...this.edges, ...this.workers, this.operator, this.person])
      if (!party.caller.isAlive) party.start();
  }

  private async addHost(id: number, durability: 'always' | 'everysec'): Promise<void> {
    const { schedule } = this;
    const clockOffMicros = this.plan.hostClockOffMicros[id - 1]!;
    const host = new DurableHost(id, durability, {
      schedule,
      draws: this.draws.fork(),
      clockOffMicros,
      watch: (at, method, args, reply) => {
        this.witness.performed(at, method, args, reply);
        this.cacheWatch.performed(at, method, args);
      },
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
      this.history.note('T', `refuses ${name} by ${actor}: ${reply.refusal.detail}`);
      return;
    }
    void this.topology.store.changesAfter(this.truth.version, 100).then((changes) => {
      for (const change of changes) {
        this.witness.decided(change, `${name} by ${actor}`);
        this.setBacks.decided(change);
        this.truth.apply(change);
      }
      return this.witness.checkOwnership();
    });
  }
}
