/** A worker: its real reconciler and retention over its real map, woken as the schedule of jobs wakes them. */
import { HostPool } from '@foreshard/core/adapters/event-hosts';
import type { HostDoors } from '../../../apps/worker/src/hosts/host-doors.ts';
import { followedMap } from '../../../apps/worker/src/map/follower.ts';
import { HostProver } from '../../../apps/worker/src/proof/prove-hosts.ts';
import { readProofs } from '../../../apps/worker/src/proof/read-proofs.ts';
import { Reconciler } from '../../../apps/worker/src/reconcile/reconcile.ts';
import { RetentionJob } from '../../../apps/worker/src/retention/retention-job.ts';
import { MoverLoop } from './mover-loop.ts';
import type { Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const RECONCILE_EVERY_MS = 1_000;
const PROVE_EVERY_MS = 1_000;
const MOVE_EVERY_MS = 400;
const RETENTION_EVERY_MS = 15_000;
const START_PAUSE_MS = 300;
/** of the times that another worker holds the lock: a lost lock must not break anything */
const LOCK_LOST_SHARE = 0.2;

export class WorkerParty {
  readonly name: string;
  private readonly scene: Scene;
  private process: VirtualProcess;

  constructor(name: string, scene: Scene) {
    this.name = name;
    this.scene = scene;
    this.process = new VirtualProcess(name, scene.schedule);
  }

  get caller(): VirtualProcess {
    return this.process;
  }

  get isAlive(): boolean {
    return this.process.isAlive;
  }

  start(): void {
    this.process = new VirtualProcess(this.name, this.scene.schedule);
    this.process.clockOffMicros = this.scene.plan.edgeClockOffMicros[0]!;
    void this.process.run(() => this.startUp(this.process));
  }

  kill(): void {
    this.process.kill();
    this.scene.locks.forget(this.process);
    this.scene.network.callerDied(this.process);
  }

  freeze(micros: number): void {
    this.process.freeze(micros);
  }

  private async startUp(process: VirtualProcess): Promise<void> {
    const { scene, name } = this;
    const topology = scene.topology.portFor(process);
    const follower = await this.follow(process, topology);
    const { setBacks } = scene;
    const asked = (host: number) => {
      const state = setBacks.latest(host);
      return () => void state?.seenBy.add(process);
    };
    // a handle on any run, or on one that is being readmitted, judges by no count of this process
    const open = scene.doorFor(process, { asked, noticed: () => {} });
    const watched = scene.doorFor(process, { asked, noticed: (host) => setBacks.noticed(host, process) });
    const pool = new HostPool(follower.map, watched);
    const doors: HostDoors = {
      trusted: (id) => pool.get(id),
      open,
      watch: (id) => pool.watch(id),
    };
    const log = quietLog(scene, name);
    const nowMs = () => process.nowMicros() / 1_000;
    const shared = { follower, topology, doors, log, nowMs, actor: name, metrics: SILENT as never };
    const alarms = {
      raise: async (host: number, reason: string) => scene.alarms.set(host, reason),
      clear: async (host: number) => scene.alarms.delete(host),
    } as never;
    const lock = scene.locks.of(process, LOCK_LOST_SHARE);
    const proofs = scene.topology.proofsFor(process);
    const prover = new HostProver({
      ...{ ...shared, proofs, host: doors.trusted },
      wake: async () => {},
      older: (host, seen) => reconciler.noteOlder(host, seen),
      random: () => scene.draws.below(0x1_0000_0000).toString(16),
    });
    const reconciler = new Reconciler({
      ...{ ...shared, lock, alarms },
      proof: readProofs(proofs),
      prove: (host) => prover.prove(host),
      proveRun: (host, handle) => prover.proveRun(host, handle),
      forgetMarks: (host) => prover.forgetMarks(host),
      remember: (host) => prover.remember(host),
      standStill: async (detail) =>
        scene.fault(name, new Error(`there is one topology store only: ${detail}`)),
    });
    const retention = new RetentionJob(shared);
    const mover = new MoverLoop(scene, {
      ...{ follower, topology, doors, lock, actor: name },
      prove: (host) => prover.prove(host),
    });
    this.repeat(MOVE_EVERY_MS, () => mover.run());
    this.repeat(PROVE_EVERY_MS, () => prover.run());
    this.repeat(RECONCILE_EVERY_MS, (signal) => reconciler.run(signal));
    if (scene.plan.hasRetention) this.repeat(RETENTION_EVERY_MS, (signal) => retention.run(signal));
  }

  private async follow(process: VirtualProcess, store: Parameters<typeof followedMap>[0]['store']) {
    const { scene } = this;
    for (;;) {
      try {
        return await followedMap(
          {
            store,
            notifier: scene.topology.notifierFor(process),
            nowMs: () => process.uptimeMs(),
          },
          (reason) => scene.fault(this.name, new Error(reason)),
        );
      } catch {
        await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
      }
    }
  }

  /** As the registry of jobs: no job overlaps itself, and a failure waits for the next time. */
  private repeat(everyMs: number, job: (signal: AbortSignal) => Promise<unknown>): void {
    const { signal } = new AbortController();
    const next = async () => {
      try {
        await job(signal);
      } catch (error) {
        this.scene.expect(this.name, error);
      }
      setTimeout(next, everyMs);
    };
    setTimeout(next, this.scene.draws.below(everyMs));
  }
}

/** Every metric of every kind: it is called and forgotten. */
const SILENT: unknown = new Proxy(() => SILENT, { get: () => SILENT });

function quietLog(scene: Scene, who: string) {
  const note = (fields: object, text: string) => {
    if (scene.history.wanted) scene.history.note(who, `${text} ${JSON.stringify(fields)}`);
  };
  return { info: note, warn: note, error: note, debug: note } as never;
}
