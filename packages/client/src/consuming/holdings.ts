/**
 * What a member holds: the shardlets it has, and batches of them that are fetched and not committed. It decides what a poll
 * asks for, what of its answer is taken, which batch is next and what is committed; it does no IO.
 *
 * Invariant: of a shardlet only events of its present assignment are held, each once and in order. What was held in an older
 * assignment is dropped: another member may have it, and a commit of it would be refused.
 */
import type { Assigned, CommitResult, GroupBatch, GroupPoll, Position } from './group-calls.ts';

export interface HeldBatch {
  readonly batch: GroupBatch;
  /** aborted when the shardlet goes to another member */
  readonly signal: AbortSignal;
  /** of the answer it came in; about what it takes of memory */
  readonly bytes: number;
  /** the last seq that was fetched before it */
  readonly before: number;
}

/** How far a shardlet of the member is. */
export interface Standing {
  readonly shardlet: number;
  readonly assignment: number;
  readonly fetched: number;
  readonly processed: number;
  readonly committed: number;
  readonly epoch: number;
  readonly revoking: boolean;
  /** where it is closed: no event follows this one */
  readonly finalSeq: number | undefined;
  /** aborted when the shardlet goes to another member */
  readonly signal: AbortSignal;
}

/** What the member has beside events: see keeper.ts. */
export interface Ties {
  /** its batches may be handled */
  isReady(shardlet: number): boolean;
  /** it is held although all that was fetched of it is committed */
  isKept(shardlet: number): boolean;
}

const NO_TIES: Ties = { isReady: () => true, isKept: () => false };

interface Held {
  readonly assignment: number;
  readonly lost: AbortController;
  finalSeq: number | undefined;
  /** of the replica that `processed` was read from */
  epoch: number;
  /** the last one that was fetched */
  fetched: number;
  /** all up to here is processed */
  processed: number;
  /** the edge has confirmed it */
  committed: number;
  revoking: boolean;
}

/** Answers of an edge that is behind the others; so many in a row: the group was made anew, and counts from the beginning. */
const STALE_MAX = 3;

/** Why a signal of a batch is aborted. */
export class ShardletLost extends Error {
  override readonly name = 'ShardletLost';
  readonly shardlet: number;

  constructor(shardlet: number) {
    super(`shardlet ${shardlet} has gone to another member`);
    this.shardlet = shardlet;
  }
}

export class Holdings {
  private readonly ties: Ties;
  private readonly unreadyBytesMax: number;
  private readonly shardlets = new Map<number, Held>();
  /** of these a handler has a batch, also when the shardlet was lost meanwhile */
  private readonly busy = new Set<number>();
  private queue: HeldBatch[] = [];
  private held = 0;
  /** the order of batches counts across shardlets: one after the other */
  private isOrdered = false;
  private newest: number | undefined;
  private stale = 0;

  /** the last answer had events that were not taken: they come again */
  private isPassing = false;

  constructor(ties: Ties = NO_TIES, unreadyBytesMax = 0) {
    [this.ties, this.unreadyBytesMax] = [ties, unreadyBytesMax];
  }

  /** Of batches that are not done, and that handlers may have. Those that wait for a state hold nobody else up. */
  get bytes(): number {
    return this.held - this.unreadyBytes;
  }

  /** Asking again at once would bring the same. */
  get hasPassedOver(): boolean {
    return this.isPassing;
  }

  private get unreadyBytes(): number {
    const unready = this.queue.filter(({ batch }) => !this.ties.isReady(batch.shardlet));
    return unready.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Of the newest answer. */
  get version(): number | undefined {
    return this.newest;
  }

  /** What is held and not committed: a poll answers what follows it. What is not named goes to whoever waits for it. */
  after(): Record<string, { seq: number; assignment: number }> {
    const after: Record<string, { seq: number; assignment: number }> = {};
    for (const [shardlet, { fetched, committed, assignment }] of this.shardlets)
      if (fetched > committed || this.ties.isKept(shardlet)) after[shardlet] = { seq: fetched, assignment };
    return after;
  }

  standings(): Standing[] {
    return Array.from(this.shardlets, ([shardlet, held]) => ({
      ...{ shardlet, assignment: held.assignment, epoch: held.epoch, signal: held.lost.signal },
      ...{ fetched: held.fetched, processed: held.processed, committed: held.committed },
      ...{ revoking: held.revoking, finalSeq: held.finalSeq },
    }));
  }

  /** Another member waits for a shardlet that `named` (an earlier answer of `after`) names, and that is not held any more. */
  canLetGo(named: Readonly<Record<string, unknown>>): boolean {
    return [...this.shardlets].some(
      ([shardlet, { revoking, finalSeq = Number.POSITIVE_INFINITY, fetched, committed }]) =>
        (revoking || committed >= finalSeq) &&
        fetched === committed &&
        named[shardlet] !== undefined &&
        !this.ties.isKept(shardlet),
    );
  }

  /**
   * Answers the shardlets that are lost. `size`: bytes of the answer. Without `wanted` its events are passed over: they come
   * again.
   */
  take({ version, assigned, batches, order }: GroupPoll, size: number, wanted = true): number[] {
    if (version < (this.newest ?? 0)) {
      if (++this.stale === STALE_MAX) this.forget();
      return [];
    }
    [this.newest, this.stale] = [version, 0];
    this.isOrdered = order === 'log';
    const lost = assigned === undefined ? [] : this.loseAllBut(assigned);
    for (const each of assigned ?? []) this.assign(each);
    this.isPassing = false;
    if (!wanted) return lost;
    const events = batches.reduce((sum, { events }) => sum + events.length, 0);
    for (const batch of batches) {
      const held = this.shardlets.get(batch.shardlet);
      const isNext = held?.assignment === batch.assignment && !held.revoking && batch.through > held.fetched;
      if (!isNext) continue;
      if (!this.ties.isReady(batch.shardlet) && this.unreadyBytes >= this.unreadyBytesMax) {
        this.isPassing = true;
        continue;
      }
      const left = batch.events.filter(({ seq }) => seq > held.fetched);
      const bytes = events === 0 ? 0 : Math.ceil((size * left.length) / events);
      const before = held.fetched;
      held.fetched = batch.through;
      this.held += bytes;
      this.queue.push({ batch: { ...batch, events: left }, signal: held.lost.signal, bytes, before });
    }
    return lost;
  }

  /** The oldest batch of a shardlet that no handler has; with `order: log` the oldest one, once no handler has any. */
  next(): HeldBatch | undefined {
    if (this.isOrdered && this.busy.size > 0) return undefined;
    const isFree = ({ batch: { shardlet } }: HeldBatch): boolean =>
      !this.busy.has(shardlet) && this.ties.isReady(shardlet);
    const at = this.queue.findIndex(isFree);
    if (at === -1 || (this.isOrdered && at > 0)) return undefined;
    const [next] = this.queue.splice(at, 1);
    this.busy.add(next!.batch.shardlet);
    return next;
  }

  /** Of `batch` all up to `seq` is processed. */
  processed({ shardlet, assignment, epoch }: GroupBatch, seq: number): void {
    const held = this.shardlets.get(shardlet);
    if (held?.assignment !== assignment || seq <= held.processed) return;
    [held.processed, held.epoch] = [seq, epoch];
  }

  /** No handler has the batch any more. What is not processed by now is never committed. */
  done({ batch, bytes }: HeldBatch): void {
    this.held -= bytes;
    this.busy.delete(batch.shardlet);
  }

  /** What is processed and not committed. */
  commits(): Position[] {
    const positions: Position[] = [];
    for (const [shardlet, { processed: seq, committed, epoch, assignment }] of this.shardlets)
      if (seq > committed) positions.push({ shardlet, seq, epoch, assignment });
    return positions;
  }

  /** Answers the shardlets that are lost. */
  committed(positions: readonly Position[], results: readonly CommitResult[]): number[] {
    const lost: number[] = [];
    for (const [i, { shardlet, seq, assignment }] of positions.entries()) {
      const held = this.shardlets.get(shardlet);
      if (held?.assignment !== assignment) continue;
      const result = results[i];
      if (result?.kind === 'fenced') {
        this.lose(shardlet, held);
        lost.push(shardlet);
      } else held.committed = Math.max(held.committed, result?.kind === 'behind' ? result.seq : seq);
    }
    return lost;
  }

  /** A call for the shardlet was refused: another member has it. */
  fenced({ shardlet, assignment }: Pick<GroupBatch, 'shardlet' | 'assignment'>): void {
    const held = this.shardlets.get(shardlet);
    if (held?.assignment === assignment) this.lose(shardlet, held);
  }

  /** What no handler has yet is dropped: it comes again, to whoever has the shardlet then. */
  dropWaiting(): void {
    this.drop(() => true);
  }

  private loseAllBut(assigned: readonly Assigned[]): number[] {
    const now = new Map(assigned.map((each) => [each.shardlet, each.assignment]));
    const lost: number[] = [];
    for (const [shardlet, held] of this.shardlets) {
      const assignment = now.get(shardlet);
      // an edge that is behind may still name an older one
      if (assignment !== undefined && assignment <= held.assignment) continue;
      // one that is finished, or that was let go of, is no loss
      if (held.fetched > held.processed) lost.push(shardlet);
      this.lose(shardlet, held);
    }
    return lost;
  }

  private assign({ shardlet, assignment, seq, epoch, revoking, finalSeq }: Assigned): void {
    const held = this.shardlets.get(shardlet);
    if (held === undefined) {
      const lost = new AbortController();
      this.shardlets.set(shardlet, {
        ...{ assignment, lost, epoch, revoking, finalSeq },
        ...{ fetched: seq, processed: seq, committed: seq },
      });
      return;
    }
    if (held.assignment !== assignment) return;
    // nothing may be committed behind the back of its member, so a lower one is an older one
    held.committed = Math.max(held.committed, Math.min(seq, held.processed));
    [held.revoking, held.finalSeq] = [revoking, finalSeq ?? held.finalSeq];
    if (revoking) this.dropWaitingOf(shardlet, held);
  }

  /** What no handler has goes to the other member with the shardlet. */
  private dropWaitingOf(shardlet: number, held: Held): void {
    const dropped = this.drop(({ batch }) => batch.shardlet === shardlet);
    if (dropped.length > 0) held.fetched = dropped[0]!.before;
  }

  private forget(): void {
    [this.newest, this.stale] = [undefined, 0];
    for (const [shardlet, held] of this.shardlets) this.lose(shardlet, held);
  }

  private lose(shardlet: number, held: Held): void {
    this.shardlets.delete(shardlet);
    held.lost.abort(new ShardletLost(shardlet));
    this.drop(({ batch }) => batch.shardlet === shardlet);
  }

  private drop(isDropped: (held: HeldBatch) => boolean): HeldBatch[] {
    const dropped = this.queue.filter(isDropped);
    this.queue = this.queue.filter((each) => !isDropped(each));
    for (const { bytes } of dropped) this.held -= bytes;
    return dropped;
  }
}
