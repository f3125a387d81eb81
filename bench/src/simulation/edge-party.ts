/** An edge: its real ingestion, map and readers, without HTTP. It can be killed and started again. */

import { HostPool } from '@foreshard/core/adapters/event-hosts';
import { CachedReads } from '@foreshard/core/caching';
import { Frontiers } from '@foreshard/core/heads';
import type { EventHost, ReadReply } from '@foreshard/core/hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import type { Topology } from '@foreshard/core/topology';
import { MemoryGuard } from '../../../apps/edge/src/hosts/memory-guard.ts';
import { Ingestion } from '../../../apps/edge/src/ingest/ingestion.ts';
import { DUPLICATE, type Intake, STORED } from '../../../apps/edge/src/ingest/intake.ts';
import { readEvents } from '../../../apps/edge/src/ingest/read-events.ts';
import { type FirstMap, FollowedMap } from '../../../apps/edge/src/map/follower.ts';
import { HostClaims, LastAcknowledged } from '../../../apps/edge/src/proof/index.ts';
import { KeyEvents, type KeyPage } from '../../../apps/edge/src/reading/key-events.ts';
import { LogService } from '../../../apps/edge/src/reading/log/log-service.ts';
import type { SessionPage } from '../../../apps/edge/src/reading/log/log-session.ts';
import { shadowed } from '../../../apps/edge/src/shadow/index.ts';
import type { EdgeDoor, EventReply, KeyPageRequest, PageRequest, Scene, ShardletRead } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const EVENT_BYTES_MAX = 100_000;
const CLAIM_EVERY_MS = 1_000;
const READ_BYTES_MAX = 1_000_000;
/** some hundred events: some have to go */
const CACHE_BYTES = 150_000;
/** a second and a half: longer than a restructure without faults, shorter than one with them */
const HOLD_MICROS = 1_500 * MICROS_PER_MS;

interface Work {
  readonly follower: FollowedMap;
  readonly ingestion: Ingestion;
  readonly log: LogService;
  readonly keys: KeyEvents;
  readonly frontiers: Frontiers;
  readonly reads: Pick<CachedReads, 'readReplica'>;
}

export class EdgeParty implements EdgeDoor {
  readonly name: string;
  run = 0;
  private readonly scene: Scene;
  private readonly clockOffMicros: number;
  private process: VirtualProcess;
  private work: Work | undefined;
  /** the last map, as the edge keeps it on disk */
  private kept: Topology | undefined;

  constructor(name: string, scene: Scene, clockOffMicros: number) {
    this.name = name;
    this.scene = scene;
    this.clockOffMicros = clockOffMicros;
    this.process = new VirtualProcess(name, scene.schedule);
  }

  get isUp(): boolean {
    return this.work !== undefined && this.process.isAlive;
  }

  get caller(): VirtualProcess {
    return this.process;
  }

  conditions(): [] {
    return [];
  }

  arrive(work: () => void): void {
    this.process.arrive(work);
  }

  start(): void {
    this.process = new VirtualProcess(this.name, this.scene.schedule);
    this.process.clockOffMicros = this.clockOffMicros;
    this.run++;
    void this.process.run(() => this.startUp(this.process));
  }

  kill(): void {
    this.kept = this.work?.follower.topology.toTopology() ?? this.kept;
    this.process.kill();
    this.work = undefined;
    this.scene.network.callerDied(this.process);
    this.scene.network.calleeDied(this, 'callee killed');
  }

  freeze(micros: number): void {
    this.process.freeze(micros);
  }

  /** REQUIRES that it runs in this edge's process. */
  append(lines: string, tokenTs: number): Promise<EventReply[]> {
    const { follower, ingestion } = this.work!;
    const stream = follower.topology.streams()[0];
    if (stream === undefined) return Promise.reject(new Error('no stream yet'));
    const nowMicros = this.process.nowMicros();
    const accepted = { stream, tokenTs, nowMicros, eventBytesMax: EVENT_BYTES_MAX };
    const intake = readEvents('lines', Buffer.from(lines), accepted);
    return new Promise((resolve) => {
      intake.onSettled = () => resolve(repliesOf(intake));
      if (intake.isSettled) resolve(repliesOf(intake));
      else ingestion.submit(intake);
    });
  }

  /** REQUIRES that it runs in this edge's process. */
  async page(request: PageRequest): Promise<SessionPage> {
    const { follower, log } = this.work!;
    const stream = follower.topology.streams()[0];
    if (stream === undefined) throw new Error('no stream yet');
    return log.page({ ...request, stream, skip: new Set() });
  }

  /** REQUIRES that it runs in this edge's process. */
  async keyPage(request: KeyPageRequest): Promise<KeyPage> {
    const { follower, keys } = this.work!;
    const stream = follower.topology.streams()[0];
    if (stream === undefined) throw new Error('no stream yet');
    return keys.page({ ...request, stream });
  }

  /** REQUIRES that it runs in this edge's process. Undefined: its map has no such shardlet. */
  async read({ shardlet: id, from, count, hears }: ShardletRead): Promise<ReadReply | undefined> {
    const { follower, frontiers, reads } = this.work!;
    const host = follower.topology.shardlet(id)?.owner;
    if (host === undefined) return undefined;
    if (hears) await frontiers.hear(host);
    const options = { maxRecords: count, maxBytes: READ_BYTES_MAX };
    return reads.readReplica({ host, shardlet: id, from, minEpoch: 0, options });
  }

  private async startUp(process: VirtualProcess): Promise<void> {
    const { scene } = this;
    const clock = { nowMicros: () => process.nowMicros() };
    const store = scene.topology.portFor(process);
    const first = await this.firstMap(store.snapshot());
    if (first === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return this.startUp(process);
    }
    const follower = new FollowedMap(first, {
      store,
      notifier: scene.topology.notifierFor(process),
      file: undefined,
      nowMs: () => process.uptimeMs(),
      warn: () => {},
      reloaded: (reason) => scene.fault(this.name, new Error(reason)),
    });
    const pool = new HostPool(follower.topology, scene.doorFor(process));
    const direct = { get: (id: number): Promise<EventHost> => pool.get(id) };
    const beneath = shadowed(
      direct,
      follower.topology,
      { writes() {}, reads() {}, differs: (move, detail) => scene.noteDifference(move, detail) },
      { nowMs: () => process.uptimeMs(), random: () => scene.draws.between(0, 1) },
    );
    const watch = scene.cacheWatch.edge(this.name, follower.topology);
    const hosts = { get: async (id: number) => watch.host(id, await beneath.get(id)) };
    const guard: MemoryGuard = new MemoryGuard(direct.get, (id) => ingestion.hostAnswers(id));
    const acknowledged = new LastAcknowledged();
    const ingestion: Ingestion = new Ingestion({
      map: follower,
      hosts,
      isFull: (id) => guard.isFull(id),
      clock,
      limits: {
        hold: { eventsMax: 500, bytesMax: 1_000_000, waitMicrosMax: HOLD_MICROS },
        call: { eventsMax: 50, bytesMax: 100_000, groupsMax: 20, microsMax: Number.POSITIVE_INFINITY },
      },
      observer: {
        stored() {},
        duplicates() {},
        refused() {},
        acknowledged: (host, shardlet, epoch, seq, ts) => acknowledged.note(host, shardlet, epoch, seq, ts),
        called() {},
        unreachable() {},
        fault: (error) => scene.fault(this.name, error),
      },
    });
    const frontiers = new Frontiers({ hosts, map: follower, nowMs: () => performance.now() });
    const cached = new CachedReads({
      ...{ map: follower.topology, host: hosts.get, frontiers, bytesMax: CACHE_BYTES },
    });
    const reads = watch.reads(cached);
    const parts = {
      map: follower,
      hosts,
      frontiers,
      reads,
      clock,
      closing: new AbortController().signal,
    };
    this.work = {
      follower,
      frontiers,
      reads,
      ingestion,
      log: new LogService(parts),
      keys: new KeyEvents(parts),
    };
    guard.start();
    const claims = new HostClaims({
      hosts: () => follower.topology.hosts(),
      watch: (host) => pool.watch(host),
      acknowledged,
      proofs: scene.topology.proofsFor(process),
      claimant: this.name,
      nowMs: () => process.nowMicros() / MICROS_PER_MS,
      monotonicMs: () => process.uptimeMs(),
      usedAgain: (host) => frontiers.readAnew(host),
      observer: { regressed() {}, unanswered() {} },
    });
    repeat(() => claims.look());
    await follower.start();
  }

  /** From the topology store, or from disk while the topology store is away. */
  private async firstMap(snapshot: Promise<Topology>): Promise<FirstMap | undefined> {
    try {
      return { topology: await snapshot, isProven: true, from: 'store' };
    } catch {
      return this.kept && { topology: this.kept, isProven: false, from: 'file' };
    }
  }
}

function repeat(work: () => void): void {
  setTimeout(() => {
    work();
    repeat(work);
  }, CLAIM_EVERY_MS);
}

function repliesOf(intake: Intake): EventReply[] {
  return Array.from({ length: intake.count }, (_, i) => {
    const status = intake.status[i];
    const seq = intake.seq[i]!;
    return {
      status: status === STORED ? 'stored' : status === DUPLICATE ? 'duplicate' : 'refused',
      code: intake.problems.get(i)?.code,
      shardlet: intake.shardlet[i]!,
      seq: Number.isNaN(seq) ? undefined : seq,
      ts: intake.ts[i]! > 0 ? intake.ts[i] : undefined,
    };
  });
}
