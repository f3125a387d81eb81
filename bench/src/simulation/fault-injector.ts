/** Breaks things: at random times, in the ways this run's plan allows, and mends them after a while. */
import type { Fault } from '@foreshard/core/simulation';
import type { DurableHost } from './durable-host.ts';
import type { Callee } from './network.ts';
import type { FaultKind } from './plan.ts';
import type { Freezable, Party, Scene } from './scene.ts';
import type { VirtualProcess } from './virtual-process.ts';

const MS = 1_000;
const DOWN_MICROS = [20 * MS, 2_500 * MS] as const;
const CLOCK_BACK_MICROS = [10 * MS, 2_000 * MS] as const;
/** each of them waits for a person: with more, little else would happen */
const SET_BACKS_MAX = 3;
/** operations that are lost by who is just behind */
const BEHIND_MAX = 30;
/** so often a host answers slowly before it goes back, and for so long */
const SLOW_BEFORE_SHARE = 0.5;
const SLOW_BEFORE_MICROS = [20 * MS, 300 * MS] as const;
/** a person who has a newer copy starts the host on that, before or after the loss of the older one is accepted */
const PUT_BACK_SHARE = 0.4;
const PUT_BACK_MICROS = [20 * MS, 10_000 * MS] as const;
/** a clock further back would make clients with tokens wait for most of the run */
const BEHIND_MICROS_MAX = 3_000 * MS;

export interface Parties {
  readonly edges: readonly (Party & Freezable)[];
  readonly workers: readonly (Party & Freezable)[];
  readonly operator: Party;
  readonly person: Party;
}

export class FaultInjector {
  private readonly scene: Scene;
  private readonly parties: Parties;
  private isOver = false;
  private setBacks = 0;

  constructor(scene: Scene, parties: Parties) {
    this.scene = scene;
    this.parties = parties;
  }

  start(): void {
    const { plan, network } = this.scene;
    network.onFocus = (fault, call) => this.strike(fault, call.caller, call.callee);
    if (plan.faults.length > 0) this.planNext();
  }

  stop(): void {
    this.isOver = true;
  }

  private planNext(): void {
    const { schedule, draws, plan } = this.scene;
    schedule.after(draws.between(0.2, 1.8) * plan.faultEveryMs * MS, () => {
      if (this.isOver) return;
      this.inflict(draws.pick(plan.faults));
      this.planNext();
    });
  }

  private inflict(kind: FaultKind): void {
    const { draws, hosts } = this.scene;
    const { edges, workers } = this.parties;
    const host = () => draws.pick([...hosts.values()]);
    const ways: Record<FaultKind, () => void> = {
      'kill edge': () => this.killParty(draws.pick(edges)),
      'kill worker': () => this.killParty(draws.pick(workers)),
      'kill host': () => this.killHost(host(), draws.chance(0.6)),
      'empty disk': () => this.emptyDisk(host()),
      'The topology store away': () => this.awayT(),
      cut: () => this.cut(this.anyName(), this.anyName()),
      freeze: () => this.freeze(draws.pick([...edges, ...workers, host()])),
      full: () => this.fill(host()),
      'clock back': () => this.setClockBack(host()),
      'older state': () => this.setBackSoon(host()),
    };
    ways[kind]();
  }

  private anyName(): string {
    const { draws, hosts, topology } = this.scene;
    const { edges, workers } = this.parties;
    return draws.pick([...edges, ...workers, ...hosts.values(), topology]).name;
  }

  private freeze(party: Freezable): void {
    const micros = this.scene.draws.between(50 * MS, 4_000 * MS);
    this.note(`${party.name} stands still for ${Math.round(micros / MS)} ms`);
    party.freeze(micros);
  }

  /** What the focus of the run asks for, while its transition is under way. */
  private strike(fault: Fault, caller: VirtualProcess, callee: Callee): void {
    const host = [...this.scene.hosts.values()].find((h) => h === callee);
    if (fault === 'caller killed') this.killCaller(caller);
    if (fault === 'cut off') this.cut(caller.name, callee.name);
    if (fault === 'callee killed' && host === undefined) this.awayT();
    if (host === undefined) return;
    if (fault === 'callee killed') this.killHost(host, false);
    if (fault === 'power loss') this.killHost(host, true);
    if (fault === 'memory full') this.fill(host);
    if (fault === 'clock set back') this.setClockBack(host);
    if (fault === 'older state') this.setBack(host);
  }

  private killCaller(caller: VirtualProcess): void {
    const { edges, workers, operator, person } = this.parties;
    const party = [...edges, ...workers, operator, person].find((p) => p.caller === caller);
    if (party !== undefined) this.killParty(party);
  }

  private killParty(party: Party): void {
    if (!party.caller.isAlive) return;
    this.note(`${party.name} is killed`);
    party.kill();
    this.later(() => party.start());
  }

  private killHost(host: DurableHost, losesPower: boolean): void {
    if (!host.isUp) return;
    const { network, draws } = this.scene;
    this.note(`${host.name} ${losesPower ? 'loses its power' : 'is killed'}`);
    host.crash(losesPower);
    network.calleeDied(host, losesPower ? 'power loss' : 'callee killed');
    if (draws.chance(0.3)) this.setClockBack(host);
    this.later(() => this.startHost(host));
  }

  private emptyDisk(host: DurableHost): void {
    if (!host.isUp) return;
    const { network, schedule, draws, setBacks } = this.scene;
    this.note(`${host.name} comes back with an empty disk`);
    setBacks.noteEmptied(host);
    host.crash(true);
    network.calleeDied(host, 'power loss');
    host.swapDisk(true);
    this.later(() => this.startHost(host));
    schedule.after(draws.between(3_000 * MS, 6_000 * MS), () => {
      this.note(`${host.name} gets its own disk again`);
      host.crash(false);
      network.calleeDied(host, 'callee killed');
      host.swapDisk(false);
      this.startHost(host);
    });
  }

  /** What it has answered just before may come after everything about its loss is known. */
  private setBackSoon(host: DurableHost): void {
    const { draws, network, schedule } = this.scene;
    const isSlow = draws.chance(SLOW_BEFORE_SHARE);
    const micros = isSlow ? draws.between(...SLOW_BEFORE_MICROS) : 0;
    network.slowAnswers(host, micros);
    schedule.after(micros, () => {
      if (!this.isOver) this.setBack(host);
    });
  }

  /** Another run from a copy of its disk, or the same run: a replica that was behind is promoted. */
  private setBack(host: DurableHost): void {
    const { draws, schedule } = this.scene;
    if (!host.isUp || host.isEmptied || host.written < 2 || this.setBacks === SET_BACKS_MAX) return;
    this.setBacks++;
    const lost = draws.chance(0.5) ? Math.min(BEHIND_MAX, host.written - 1) : host.written - 1;
    const to = host.written - 1 - draws.below(lost);
    this.changeState(host, `goes back from ${host.written} operations to ${to}`, () => host.goBack(to));
    if (draws.chance(PUT_BACK_SHARE))
      schedule.after(draws.between(...PUT_BACK_MICROS), () => this.putBack(host));
  }

  /** Any state that it was in before it went back, mostly the newest of them. */
  private putBack(host: DurableHost): void {
    const { draws } = this.scene;
    if (this.isOver || !host.isUp || host.isEmptied) return;
    const lengths = host.savedLengths;
    const file = draws.chance(0.7) ? lengths.length - 1 : draws.below(lengths.length);
    const all = lengths[file]!;
    const to = draws.chance(0.7) ? all : 1 + draws.below(all);
    const what = `gets state ${file} of before put back, ${to} operations in place of ${host.written}`;
    this.changeState(host, what, () => host.putBack(file, to));
  }

  private changeState(host: DurableHost, what: string, change: () => void): void {
    const { network, draws, setBacks } = this.scene;
    const keepsRun = draws.chance(0.5);
    this.note(`${host.name} ${what}${keepsRun ? ' in its run' : ''}`);
    network.calleeGoesBack(host);
    if (!keepsRun) host.crash(false);
    else if (draws.chance(0.5)) host.freeze(draws.between(50 * MS, 2_000 * MS));
    change();
    void setBacks.note(host);
    if (keepsRun) return;
    network.calleeDied(host, 'callee killed');
    this.later(() => this.startHost(host));
  }

  private startHost(host: DurableHost): void {
    if (host.isUp) return;
    void host.start().then(() => this.note(`${host.name} is up as ${host.incarnation}`));
  }

  private awayT(): void {
    const { topology } = this.scene;
    if (!topology.isUp) return;
    this.note('The topology store goes away');
    topology.leave();
    this.later(() => topology.come());
  }

  private cut(a: string, b: string): void {
    if (a === b) return;
    const micros = this.scene.draws.between(50 * MS, 4_000 * MS);
    this.note(`${a} and ${b} are cut off for ${Math.round(micros / MS)} ms`);
    this.scene.network.cut(a, b, micros);
  }

  private fill(host: DurableHost): void {
    this.note(`the memory of ${host.name} is full`);
    host.memory.limitBytes = 1;
    this.later(() => {
      host.memory.limitBytes = undefined;
    });
  }

  private setClockBack(host: DurableHost): void {
    if (host.clockOffMicros < -BEHIND_MICROS_MAX) return;
    const micros = Math.round(this.scene.draws.between(...CLOCK_BACK_MICROS));
    this.note(`the clock of ${host.name} goes back ${Math.round(micros / MS)} ms`);
    host.setClockBack(micros);
  }

  private later(work: () => void): void {
    const { schedule, draws } = this.scene;
    schedule.after(draws.between(...DOWN_MICROS), work);
  }

  private note(text: string): void {
    this.scene.history.note('fault', text);
  }
}
