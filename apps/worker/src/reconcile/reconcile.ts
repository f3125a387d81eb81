/**
 * The reconciler: for every host, whatever the topology store has decided and the host has not confirmed is finished,
 * a restarted host is readmitted, and then what is left over is dropped. Jobs and recovery are this same code. The
 * machines in core decide; here their actions meet the real hosts and the real the topology store.
 */
import {
  certainOf,
  type EventHost,
  type HostIdentity,
  HostUnreachable,
  type OlderMark,
  ProgressWatch,
  standingOf,
} from '@foreshard/core/hosts';
import type { LockService } from '@foreshard/core/locking';
import { drive, driveAll, type Machine, type Outcome, performer } from '@foreshard/core/machines';
import { finishingMachines } from '@foreshard/core/moves';
import { comparingMachine, readmissionMachine, regressionMachine } from '@foreshard/core/readmission';
import { dueGarbage, garbageMachine } from '@foreshard/core/retention';
import type { MapFollower } from '@foreshard/core/topology';
import {
  askAgain,
  beginReadmission,
  floorOf,
  type Host,
  type Regressed,
  type TopologyMap,
  type TopologyStore,
} from '@foreshard/core/topology';
import type { Logger } from 'pino';
import { type HostDoors, lookAt, type ReadProof } from '../hosts/host-doors.ts';
import type { Metrics } from '../process/metrics.ts';
import type { HostAlarms } from './host-alarms.ts';
import { type Refused, type Sight, UnreportedVerdicts } from './unreported-verdicts.ts';

/** Tombstones are small: there is no hurry to remove them. */
const FLOOR_EVERY_MS = 60_000;

/**
 * A host that went back within a second may lack what the topology store knows, in silence; it lists 100 kB for 1,000
 * shardlets.
 */
const COMPARE_EVERY_MS = 30_000;

/** Longer than a pass with something to do takes; a host that hangs is noticed after its call timeout. */
const PATIENCE_MS = 3_000;

export interface ReconcilerParts {
  readonly follower: Pick<MapFollower, 'map' | 'upToDate'>;
  readonly topology: Pick<TopologyStore, 'decide'>;
  readonly doors: HostDoors;
  readonly proof: ReadProof;
  /** @throws HostUnreachable when the host is not whole by a mark that is sent after this call */
  readonly prove: (host: number) => Promise<void>;
  /** the same of a run that is being readmitted. @throws HostUnreachable */
  readonly proveRun: (host: Host, run: EventHost) => Promise<void>;
  /** it went back again since its loss was accepted: what it holds now is what is marked */
  readonly forgetMarks: (host: Host) => Promise<void>;
  /** keeps what is known of a host that went back, for the preview of its loss */
  readonly remember: (host: number) => Promise<void>;
  /** The topology store is not the newest, or not the only one: no decision until a person has looked */
  readonly standStill: (detail: string) => Promise<void>;
  readonly lock: LockService;
  readonly alarms: HostAlarms;
  readonly metrics: Pick<Metrics, 'outcomes' | 'unsettled' | 'garbage' | 'readmissions'>;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** appears in the topology store's change log */
  readonly actor: string;
}

/** What became of all there was to do. `trusted`: the host, when it may be tidied as well. */
interface Pass {
  readonly outcomes: readonly Outcome[];
  readonly trusted?: Host;
}

type PassEnd = Pass | { readonly error: unknown };

const NOTHING_DONE: Pass = { outcomes: [] };

export class Reconciler {
  private readonly parts: ReconcilerParts;
  /** by what is worked on: what is still under way */
  private readonly passes = new Map<string, Promise<PassEnd>>();
  private readonly ending = new AbortController();
  private readonly unreported = new UnreportedVerdicts();
  private readonly comparedMs = new Map<number, number>();
  private readonly floors = new Map<number, { readonly floor: number; readonly atMs: number }>();

  constructor(parts: ReconcilerParts) {
    this.parts = parts;
  }

  /**
   * One pass over every host, and then one that drops what is left over there: clients wait for an opening,
   * on any host, and nobody waits for a drop. So a worker that lives for a moment only spends it on what
   * counts. A host that is slow, or being readmitted, is not waited for longer than `PATIENCE_MS`: its pass
   * goes on, and the runs that follow leave it alone until that pass has ended.
   *
   * @throws when the topology store does not answer; hosts that do not answer are left for the next run
   */
  async run(signal: AbortSignal): Promise<object | undefined> {
    const map = await this.parts.follower.upToDate();
    this.measureBacklog(map);
    const either = AbortSignal.any([signal, this.ending.signal]);
    const looked = await this.over(map.hosts(), 'host', (host) => this.reconcileHost(host, either));
    const trusted = looked.flatMap((end) => ('trusted' in end ? end.trusted : []));
    const tidied = await this.over(trusted, 'garbage', (host) => this.tidy(host, either));
    const ends = [...looked, ...tidied];
    const failed = ends.find((end) => 'error' in end);
    if (failed !== undefined) throw failed.error;
    const outcomes = ends.flatMap((end) => ('outcomes' in end ? end.outcomes : []));
    return outcomes.length === 0 ? undefined : summary(outcomes);
  }

  /** The host refused a mark, as it holds an earlier one: the next run suspends it, whatever it holds by then. */
  noteOlder(host: Host, { mark, certainTs, detail }: OlderMark): void {
    const { generation, readmission } = host;
    const incarnation = readmission?.incarnation ?? host.incarnation;
    const sight = { incarnation, mark, markPromise: certainTs, progress: { generation, count: 0 } };
    this.unreported.note(host, { sight, refusal: { reason: 'regressed', detail, certainTs } });
  }

  /** Ends the passes that are still under way, at their next step. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('the worker ends'));
    await Promise.all(this.passes.values());
  }

  /** Passes side by side. @returns the ends of those that have ended in time */
  private async over(hosts: readonly Host[], what: string, work: (host: Host) => Promise<Pass>) {
    const free = hosts.filter(({ id }) => !this.passes.has(`${what}:${id}`));
    const runs = free.map((host) =>
      this.inTime(
        host,
        this.start(`${what}:${host.id}`, () => work(host)),
      ),
    );
    return (await Promise.all(runs)).filter((end) => end !== undefined);
  }

  private start(what: string, work: () => Promise<Pass>): Promise<PassEnd> {
    const pass = this.parts.lock
      .during(what, work)
      .then(
        (done): PassEnd => done ?? NOTHING_DONE,
        (error): PassEnd => ({ error }),
      )
      .finally(() => this.passes.delete(what));
    this.passes.set(what, pass);
    return pass;
  }

  /** Undefined when the pass takes longer; then it tells its own end. */
  private async inTime(host: Host, pass: Promise<PassEnd>): Promise<PassEnd | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const end = await Promise.race([pass, late]);
    clearTimeout(timer);
    if (end === undefined) void pass.then((end) => this.logLate(host, end));
    return end;
  }

  private logLate({ id }: Host, end: PassEnd): void {
    if ('error' in end) this.parts.log.error({ host: id, err: end.error }, 'a long pass over a host failed');
    else if (end.outcomes.length > 0)
      this.parts.log.info({ host: id, ...summary(end.outcomes) }, 'a long pass over a host ended');
  }

  private async reconcileHost(host: Host, signal: AbortSignal): Promise<Pass> {
    const found = this.unreported.of(host);
    if (found !== undefined) {
      await this.refuse(host, found.sight, found.refusal);
      return NOTHING_DONE;
    }
    const look = await lookAt(host, this.parts.doors, this.parts.proof);
    if (look.kind === 'unreachable') {
      this.parts.log.debug({ host: host.id, detail: look.detail }, 'host does not answer');
      return NOTHING_DONE;
    }
    const { assessment, identity } = look;
    if (assessment.kind === 'refused') {
      await this.refuse(host, identity, assessment);
      return NOTHING_DONE;
    }
    if (assessment.kind === 'toCompare')
      return { outcomes: await this.compareAgain(host, identity, assessment.detail, signal) };
    if (assessment.kind !== 'trusted') return { outcomes: await this.readmit(host, identity, signal) };
    await this.parts.alarms.clear(host.id);
    const machines = finishingMachines(this.parts.follower.map, host.id);
    const outcomes = await this.carryOut(machines, signal);
    if (!this.isComparisonDue(host, outcomes)) return { outcomes, trusted: host };
    const trusted = this.perform(signal, (id) => this.parts.doors.trusted(id));
    const compared = await drive(comparingMachine(host.id, identity.incarnation), trusted);
    if (compared.kind !== 'refused') return { outcomes, trusted: host };
    const isCompared = await isMarked(() => this.parts.prove(host.id));
    await this.refuse(host, identity, { ...compared, isCompared });
    return { outcomes: [...outcomes, compared] };
  }

  /** A comparison suspended it: a comparison that finds nothing missing any more takes it into use again. */
  private async compareAgain(
    host: Host,
    identity: HostIdentity,
    detail: string,
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const { doors } = this.parts;
    const noted = host.readmission!.incarnation;
    const isOtherRun = noted !== identity.incarnation;
    if (!isOtherRun && !this.isComparisonDue(host, [])) {
      await this.refuse(host, identity, { reason: 'regressed', detail, isCompared: true });
      return [];
    }
    const pinned = await doors.open(host, identity.incarnation).catch(unreachable);
    if (!('identify' in pinned)) return [{ kind: 'unreachable', host: host.id, detail: pinned.message }];
    try {
      const perform = this.perform(signal, async (id) => (id === host.id ? pinned : doors.trusted(id)));
      const compared = await drive(comparingMachine(host.id, noted), perform);
      if (compared.kind === 'refused') await this.refuse(host, identity, { ...compared, isCompared: true });
      if (compared.kind !== 'finished') return [compared];
    } finally {
      await pinned.close();
    }
    return this.readmit(host, identity, signal);
  }

  /** At once where something that the topology store knows was refused there. */
  private isComparisonDue({ id }: Host, outcomes: readonly Outcome[]): boolean {
    const nowMs = this.parts.nowMs();
    const isRefused = outcomes.some((outcome) => outcome.kind === 'stale');
    if (!isRefused && nowMs - (this.comparedMs.get(id) ?? nowMs - COMPARE_EVERY_MS) < COMPARE_EVERY_MS)
      return false;
    this.comparedMs.set(id, nowMs);
    return true;
  }

  /** Drops what nothing refers to any more, and the tombstones that nothing needs. */
  private async tidy(host: Host, signal: AbortSignal): Promise<Pass> {
    const garbage = dueGarbage(this.parts.follower.map, host.id, this.parts.nowMs());
    const outcomes = await this.carryOut(
      garbage.map((batch) => garbageMachine(batch, this.parts.follower.map)),
      signal,
    );
    // the next pass compares the host, and suspends it
    if (outcomes.some((outcome) => outcome.kind === 'refused')) this.comparedMs.delete(host.id);
    await this.raiseFloor(host);
    return { outcomes };
  }

  private async carryOut(machines: readonly Machine[], signal: AbortSignal): Promise<Outcome[]> {
    const outcomes = await driveAll(
      machines,
      this.perform(signal, (id) => this.parts.doors.trusted(id), this.parts.prove),
    );
    for (const [i, outcome] of outcomes.entries()) this.record(machines[i]!.name, outcome);
    return outcomes;
  }

  /** Nobody uses a host that went back to an older state until a person has accepted what it lost. */
  private async refuse(host: Host, identity: Sight, refusal: Refused): Promise<void> {
    const { reason, detail } = refusal;
    if (reason === 'regressed') await this.suspend(host, identity, refusal);
    if (reason === 'foreign') {
      // its loss may have been accepted, and its next generation begun, since this pass read the topology store
      if ((await this.parts.follower.upToDate()).host(host.id) !== host) return;
      await this.parts.standStill(detail);
    }
    await this.parts.alarms.raise(host.id, reason, detail);
  }

  private async suspend(host: Host, identity: Sight, refusal: Refused): Promise<void> {
    const { id } = host;
    const { detail, byMarks = false, foundEmpty = false, isCompared = false } = refusal;
    const { certainTs: seen = Number.POSITIVE_INFINITY } = refusal;
    const { incarnation, mark, markPromise } = identity;
    const { topology, proof, remember, actor, log } = this.parts;
    this.unreported.note(host, { sight: identity, refusal });
    const known = await proof(id);
    const promise = Math.max(known?.promise ?? 0, markPromise);
    // a mark that the topology store has not confirmed, or that was written since this process saw it, may be of the
    // older state
    // nobody uses an empty store, so it says nothing of the disk that is put in its place
    const certain = foundEmpty ? (known?.promise ?? 0) : certainOf(known, { mark, markPromise });
    const certainTs = byMarks ? certain : Math.min(certain, known?.promise ?? 0, seen);
    const ends = foundEmpty ? { foundEmpty } : comparedAt(host, identity, isCompared);
    const loss = { detail, byMarks, certainTs, promise, ...ends };
    const decision = beginReadmission(id, incarnation, loss);
    const reply = await topology.decide(decision, actor);
    this.unreported.reported(id);
    if (reply.kind === 'refused') return;
    log.error(
      { host: id, detail },
      'host went back to an older state: it is not used until its loss is accepted',
    );
    await remember(id);
  }

  /** Every call of the readmission goes to the run that was found, or fails. */
  private async readmit(host: Host, identity: HostIdentity, signal: AbortSignal): Promise<Outcome[]> {
    const { log, doors, alarms, metrics } = this.parts;
    const run = identity.incarnation;
    log.warn({ host: host.id, run }, 'host has restarted: readmitting it');
    const watch = watchOver(host, identity);
    const pinned = await doors.open(host, run, { watch }).catch(unreachable);
    if (!('identify' in pinned)) return [{ kind: 'unreachable', host: host.id, detail: pinned.message }];
    try {
      const perform = this.perform(
        signal,
        async (id) => (id === host.id ? pinned : doors.trusted(id)),
        (id) => (id === host.id ? this.parts.proveRun(host, pinned) : this.parts.prove(id)),
      );
      const machine = await this.readmission(host, identity);
      if (machine === undefined)
        return [{ kind: 'stale', detail: `host ${host.id} was readmitted with its loss by another worker` }];
      const outcome = await drive(machine, perform);
      this.record(machine.name, outcome);
      if (outcome.kind === 'refused') {
        const isRegressed = outcome.reason === 'regressed';
        const isCompared = isRegressed && (await isMarked(() => this.parts.proveRun(host, pinned)));
        await this.refuse(host, identity, { ...outcome, isCompared });
      }
      if (outcome.kind === 'finished') {
        await alarms.clear(host.id);
        metrics.readmissions.inc({ host: host.id, durability: host.durability });
        this.logReadmitted(host);
      }
      return [outcome];
    } finally {
      await pinned.close();
    }
  }

  /**
   * A loss that was accepted stays accepted when the host restarts in the middle of its readmission. Undefined: that has
   * ended meanwhile, so the run is judged by its marks first, as any other.
   */
  private async readmission(host: Host, identity: HostIdentity): Promise<Machine | undefined> {
    const { incarnation: run, markPromise } = identity;
    const accepted = host.readmission?.regressed?.accepted;
    if (accepted === undefined) return readmissionMachine(host, run);
    const isSameRun = host.readmission!.incarnation === run;
    const wentBack = await this.wentBackAgain(host, identity);
    if (isSameRun && !wentBack) return regressionMachine(host, run, markPromise);
    const decision = isSameRun ? askAgain(host.id, run, markPromise) : beginReadmission(host.id, run);
    const reply = await this.parts.topology.decide(decision, this.parts.actor);
    const now =
      reply.kind === 'decided' ? reply.result : (await this.parts.follower.upToDate()).host(host.id);
    if (now?.readmission?.regressed?.accepted !== accepted) return undefined;
    if (wentBack) await this.parts.forgetMarks(host);
    return regressionMachine(now, run, markPromise);
  }

  /**
   * It has not begun the generation that was accepted, although something was noted that it showed in that; or it has,
   * and is not as far as its marks of that generation.
   */
  private async wentBackAgain({ id, readmission }: Host, found: HostIdentity): Promise<boolean> {
    const accepted = readmission?.regressed?.accepted;
    if (accepted === undefined) return false;
    if (found.progress.generation >= accepted) {
      const proof = await this.parts.proof(id);
      return proof?.generation === accepted && standingOf(accepted, proof, found).kind === 'regressed';
    }
    const own = [...this.parts.follower.map.shardlets()].filter((s) => s.owner === id);
    return own.some((s) => s.lost.some(({ epoch }) => epoch >= readmission!.since));
  }

  private logReadmitted({ id, durability, readmission }: Host): void {
    if (readmission?.regressed?.accepted !== undefined)
      this.parts.log.error({ host: id }, 'host readmitted: what it lost was accepted and is noted');
    else if (durability === 'always') this.parts.log.info({ host: id }, 'host readmitted: nothing was lost');
    else this.parts.log.error({ host: id }, 'host readmitted: its last acknowledged writes may be lost');
  }

  private perform(
    signal: AbortSignal,
    host: (id: number) => Promise<EventHost>,
    prove?: (id: number) => Promise<void>,
  ) {
    const { follower, topology, actor } = this.parts;
    return performer({
      host: (id) => {
        signal.throwIfAborted();
        return host(id);
      },
      decide: (decision) => {
        signal.throwIfAborted();
        return topology.decide(decision, actor);
      },
      readTopology: () => follower.upToDate(),
      ...(prove === undefined ? {} : { prove }),
    });
  }

  private async raiseFloor({ id }: Host): Promise<void> {
    const { follower, doors, nowMs } = this.parts;
    const last = this.floors.get(id);
    if (last !== undefined && nowMs() - last.atMs < FLOOR_EVERY_MS) return;
    const { map } = follower;
    const floor = floorOf({ version: map.version, shardlets: [...map.shardlets()] });
    if (last !== undefined && floor <= last.floor) return;
    const host = await doors.trusted(id).catch(() => undefined);
    await host?.createFloor(floor).then(
      () => this.floors.set(id, { floor, atMs: nowMs() }),
      (error) => this.parts.log.debug({ host: id, err: error }, 'the create floor waits'),
    );
  }

  private record(name: string, outcome: Outcome): void {
    this.parts.metrics.outcomes.inc({ outcome: outcome.kind });
    if (outcome.kind !== 'finished') this.parts.log.warn({ machine: name, ...outcome }, 'not finished');
  }

  private measureBacklog(map: TopologyMap): void {
    let unsettled = 0;
    for (const { state } of map.shardlets())
      if (state.kind === 'opening' || state.kind === 'closing') unsettled++;
    this.parts.metrics.unsettled.set(unsettled);
    this.parts.metrics.garbage.set(map.garbage().length);
  }
}

/**
 * One that something else has suspended before stays so, whatever a comparison says; and once another state was found
 * in its place, only a person ends it.
 */
function comparedAt(
  { readmission }: Host,
  { progress: { count } }: Pick<Sight, 'progress'>,
  isCompared: boolean,
): Pick<Regressed, 'comparedAt'> {
  const before = readmission?.regressed;
  if (before === undefined || before.foundEmpty === true) return isCompared ? { comparedAt: count } : {};
  return isCompared && before.comparedAt !== undefined ? { comparedAt: before.comparedAt } : {};
}

/**
 * A mark that is sent after a comparison stays with all that the host has acknowledged by then: another state of it,
 * which may be put in its place, does not hold it.
 */
async function isMarked(prove: () => Promise<void>): Promise<boolean> {
  try {
    await prove();
    return true;
  } catch (error) {
    unreachable(error);
    return false;
  }
}

/** It begins its next generation in the middle of a readmission after a loss; until then it may be in any older one. */
function watchOver({ readmission }: Host, { progress }: HostIdentity): ProgressWatch {
  return new ProgressWatch(progress.generation, progress.count, readmission?.regressed?.accepted);
}

/** It was there a moment ago: the next pass finds it again, or the run it is in then. */
function unreachable(error: unknown): HostUnreachable {
  if (error instanceof HostUnreachable) return error;
  throw error;
}

function summary(outcomes: readonly Outcome[]): object {
  const counts: Record<string, number> = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return { outcomes: counts };
}
