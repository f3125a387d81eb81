/**
 * Which hosts went back to an older state, and what that may cost. It sees the hosts and the topology store as they
 * are, and tells apart what the code under test has to tell apart from answers alone.
 *
 * The decision record allows one silent loss: a host goes back to a state that holds its last confirmed mark
 * and the count stored with it, and no process notices by a count of its own. Only what was stored on that
 * host after that state is excused then. Besides, a host in an older state cannot know what the topology store has
 * given away since, so an edge with a map as old may be told that an event is stored where nobody will look for it:
 * what is taken past the fence is excused until the loss is accepted. Each use of the two excuses is counted.
 * Whatever the marks show has to be suspended, and its losses have to be named. A newer state that is put back is one
 * more way of going to another state: what was stored in the older one is not in it.
 */
import { atTime, type Coverage, type Violation, violation } from '@foreshard/core/simulation';
import type { Change, Host, TopologyMap } from '@foreshard/core/topology';
import { type DurableHost, isEmptyRun } from './durable-host.ts';
import type { TopologyService } from './topology-service.ts';
import type { VirtualProcess } from './virtual-process.ts';

export interface SetBack {
  readonly host: number;
  /** The topology store was waiting for a person, or readmitting what was lost before, so it names this too */
  readonly isMet: boolean;
  /** by the marks and counts that the topology store has */
  isHidden: boolean;
  /** in this state, or in one after it; that the host was found empty says nothing of the disk it gets back */
  isSuspended: boolean;
  /** a worker that was answered less than before, and so has to suspend it */
  readonly noticedBy: Set<VirtualProcess>;
  /** a worker that was answered in this state which mark the host holds */
  readonly seenBy: Set<VirtualProcess>;
  /** what the host went to from here */
  next: SetBack | undefined;
}

interface Stored {
  readonly host: number;
  /** the operation that stored it: a state of the host holds it, or does not */
  readonly by: object | undefined;
  readonly shardlet: number;
  readonly epoch: number;
  readonly ts: number;
}

/** For the summary of a run with `--coverage`. */
export const SET_BACK_COUNTS = [
  'set back',
  'hidden from marks',
  'suspended',
  'never noticed',
  'events excused',
] as const;

export class SetBacks {
  private readonly truth: TopologyMap;
  private readonly topology: TopologyService;
  private readonly coverage: Coverage;
  private readonly all: SetBack[] = [];
  private readonly stored = new Map<string, Stored>();
  private readonly pastFence = new Set<string>();
  private readonly gone = new Map<string, SetBack>();
  /** the same, of events that were sent again since and came to the same place: with the time that they had before */
  private readonly goneBefore = new Map<string, SetBack>();
  private readonly emptied = new Set<number>();

  constructor(truth: TopologyMap, topology: TopologyService, coverage: Coverage) {
    this.truth = truth;
    this.topology = topology;
    this.coverage = coverage;
  }

  get any(): boolean {
    return this.all.length > 0;
  }

  /** It has an empty disk in place of its own, which it will get back in place of what it wrote on the empty one. */
  noteEmptied({ id }: DurableHost): void {
    this.emptied.add(id);
  }

  /** A person accepts the loss of a host that did have another disk, so what is named now may be lost. */
  get isDiskGivenUp(): boolean {
    const isAccepted = ({ readmission }: Host) => readmission?.regressed?.accepted !== undefined;
    return [...this.truth.hosts()].some((host) => this.emptied.has(host.id) && isAccepted(host));
  }

  /** REQUIRES that the host is in the older state. */
  async note({ id: host, made, memory }: DurableHost): Promise<void> {
    const known = this.truth.host(host)!;
    const isMet = isJudged(known);
    const setBack: SetBack = {
      ...{ host, isMet, isHidden: true, isSuspended: false, next: undefined },
      ...{ noticedBy: new Set<VirtualProcess>(), seenBy: new Set<VirtualProcess>() },
    };
    const before = this.latest(host);
    if (before !== undefined) before.next = setBack;
    this.all.push(setBack);
    for (const [place, stored] of this.stored) {
      if (stored.host !== host || stored.by === undefined) continue;
      if (!made.has(stored.by)) this.gone.set(place, this.gone.get(place) ?? setBack);
      else if (this.isThere(stored)) this.gone.delete(place);
    }
    const proof = (await this.topology.proofs.proofs()).get(host);
    const { progress, mark } = await memory.identify();
    // before the first mark (of a generation) is confirmed only counts tell, and they are made up for by any change
    const isMarked = proof !== undefined && proof.generation >= known.generation && ordinal(proof.held) > 0;
    const isOlder = isMarked && (isOlderMark(mark, proof.held) || progress.count < proof.count);
    setBack.isHidden = progress.generation >= known.generation && !isOlder;
  }

  /** What came back on a host counts where the topology store has not moved or closed the shardlet without it. */
  private isThere({ host, shardlet, epoch }: Stored): boolean {
    const known = this.truth.shardlet(shardlet);
    return known?.owner === host && known.epoch === epoch && known.state.kind === 'open';
  }

  /** The last epoch at which this event was stored at this place. */
  epochOf(place: string): number | undefined {
    return this.stored.get(place)?.epoch;
  }

  noteStored(
    place: string,
    { id: host, newest: by }: DurableHost,
    { isPastFence, ...where }: Pick<Stored, 'shardlet' | 'epoch' | 'ts'> & { isPastFence: boolean },
  ): void {
    const [before, setBack] = [this.stored.get(place), this.gone.get(place)];
    if (before !== undefined && setBack !== undefined && before.ts !== where.ts)
      this.goneBefore.set(atTime(place, before.ts), setBack);
    this.stored.set(place, { host, by, ...where });
    if (isPastFence) this.pastFence.add(place);
    this.gone.delete(place);
  }

  decided({ hosts }: Change): void {
    for (const host of hosts) {
      if (!isJudged(host)) continue;
      const last = this.latest(host.id);
      if (last !== undefined) last.isSuspended = true;
    }
  }

  noticed(host: number, worker: VirtualProcess): void {
    this.latest(host)?.noticedBy.add(worker);
  }

  /** The state that a host is in, for who asks it now; undefined: it has never gone back. */
  latest(host: number): SetBack | undefined {
    return this.all.findLast((each) => each.host === host);
  }

  /** Places of events that were lost without a chance to notice it. */
  unnoticed(): Set<string> {
    const isSilent = ({ isMet, isHidden, isSuspended }: SetBack) => !isMet && isHidden && !isSuspended;
    const silent = [...this.gone, ...this.goneBefore]
      .filter(([, setBack]) => isSilent(lookedAt(setBack)))
      .map(([place]) => place);
    return new Set([...silent, ...this.pastFence]);
  }

  /**
   * After the faults: what the marks show, or what a worker saw that still lives, has been suspended. Only the
   * last time of each host is looked at: what came before it was suspended with it, or is excused.
   */
  check(): Violation[] {
    const last = new Map(this.all.map((each) => [each.host, each]));
    return [...last.values()]
      .filter(({ isMet, isSuspended }) => !isMet && !isSuspended)
      .flatMap((setBack) => {
        const { host, isHidden } = setBack;
        const worker = this.sinceSuspended(setBack).flatMap(witnesses)[0];
        if (isHidden && worker === undefined) return [];
        const how = isHidden ? `which ${worker!.name} saw` : 'to before its last mark';
        return [violation('I5', `host ${host} went back, ${how}, and was never suspended`)];
      });
  }

  /** With all states before it that nobody has suspended the host in or after. */
  private sinceSuspended(last: SetBack): SetBack[] {
    const ofHost = this.all.filter(({ host }) => host === last.host);
    return ofHost.slice(1 + ofHost.findLastIndex(({ isMet, isSuspended }) => isMet || isSuspended));
  }

  count(excused: number): void {
    const counts = {
      'set back': this.all.length,
      'hidden from marks': this.all.filter((each) => each.isHidden).length,
      suspended: this.all.filter((each) => each.isSuspended).length,
      'never noticed': this.all.filter((each) => !each.isMet && !each.isSuspended).length,
      'events excused': excused,
    } satisfies Record<(typeof SET_BACK_COUNTS)[number], number>;
    for (const [what, times] of Object.entries(counts)) this.coverage.note(what, 'done', times);
  }
}

/**
 * A state that the marks show, and that the host left before a worker could know of it, is as if it had never been in
 * that: what counts is where it went to. An edge that was answered there claims what it was acknowledged, and suspends the host by that, or
 * is not answered, and goes on.
 */
function lookedAt(setBack: SetBack): SetBack {
  const { isMet, isHidden, isSuspended, next } = setBack;
  const isLeft = next !== undefined && !isMet && !isHidden && !isSuspended;
  return isLeft && witnesses(setBack).length === 0 ? lookedAt(next) : setBack;
}

/** Who has to have suspended the host for this state of it. One that died may not have told anybody. */
function witnesses({ isHidden, noticedBy, seenBy }: SetBack): VirtualProcess[] {
  return [...noticedBy, ...(isHidden ? [] : seenBy)].filter((each) => each.isAlive);
}

/**
 * Suspended for what it holds, or readmitted with a loss that was accepted. A store that is empty is suspended too,
 * but that ends without a loss once the host has its own disk again, whatever state that is in.
 */
function isJudged({ readmission }: Host): boolean {
  if (readmission?.regressed === undefined) return false;
  return readmission.regressed.accepted !== undefined || !isEmptyRun(readmission.incarnation);
}

/** One with the same number was carried out in a state that the host has left since. */
function isOlderMark(mark: string, held: string): boolean {
  return ordinal(mark) < ordinal(held) || (ordinal(mark) === ordinal(held) && mark !== held);
}

function ordinal(mark: string): number {
  return Number(mark.split('.')[0]);
}
