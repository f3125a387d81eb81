/** Who accepts losses: sees nothing but the topology store, and waits a while, as people do. */
import { acceptLoss, type Host } from '@foreshard/core/topology';
import type { Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const LOOK_EVERY_MS = 1_000;
const THINKS_MS = [500, 6_000] as const;
/** one who has a script for it */
const QUICK_SHARE = 0.4;
const QUICK_EVERY_MS = 100;
/** somebody may still bring the disk of an empty store back */
const THINKS_ABOUT_EMPTY_MS = 15_000;

export class PersonParty {
  readonly name = 'person';
  private readonly scene: Scene;
  private process: VirtualProcess;
  private readonly dueMs = new Map<string, number>();
  private readonly isQuick: boolean;

  constructor(scene: Scene) {
    this.scene = scene;
    this.process = new VirtualProcess(this.name, scene.schedule);
    this.isQuick = scene.draws.chance(QUICK_SHARE);
  }

  get caller(): VirtualProcess {
    return this.process;
  }

  start(): void {
    this.process = new VirtualProcess(this.name, this.scene.schedule);
    this.process.clockOffMicros = this.scene.plan.edgeClockOffMicros[1]!;
    void this.process.run(() => this.look(this.process));
  }

  kill(): void {
    this.process.kill();
    this.scene.network.callerDied(this.process);
  }

  private async look(process: VirtualProcess): Promise<void> {
    const topology = this.scene.topology.portFor(process);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, this.isQuick ? QUICK_EVERY_MS : LOOK_EVERY_MS));
      if (!this.scene.setBacks.any && !this.scene.plan.faults.includes('empty disk')) continue;
      try {
        const { hosts } = await topology.snapshot();
        for (const host of hosts) if (this.isDue(host, process.uptimeMs())) await this.accept(host);
      } catch (error) {
        this.scene.expect(this.name, error);
      }
    }
  }

  private isDue({ id, readmission }: Host, nowMs: number): boolean {
    if (readmission?.regressed === undefined || readmission.regressed.accepted !== undefined) return false;
    const what = `${id} ${readmission.incarnation}`;
    const known = this.dueMs.get(what);
    if (known !== undefined) return known <= nowMs;
    const isEmpty = readmission.regressed.detail.includes('empty');
    const thinksMs = this.isQuick ? 0 : this.scene.draws.between(...THINKS_MS);
    this.dueMs.set(what, nowMs + (isEmpty ? THINKS_ABOUT_EMPTY_MS : thinksMs));
    return false;
  }

  private async accept({ id, readmission }: Host): Promise<void> {
    const topology = this.scene.topology.portFor(this.process);
    const reply = await topology.decide(acceptLoss(id, readmission!.incarnation), this.name);
    const outcome = reply.kind === 'decided' ? `version ${reply.version}` : reply.refusal.detail;
    this.scene.history.note(this.name, `accepts what host ${id} lost: ${outcome}`);
  }
}
