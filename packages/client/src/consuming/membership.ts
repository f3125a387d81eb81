/**
 * One member of one group at work: it polls ahead of its handlers within a number of bytes, hands batches out, commits what
 * is processed and gives signs of life meanwhile, until it is stopped; then it leaves, so that others go on at once.
 */
import type { Edges } from '../edge/edges.ts';
import { retrying } from '../edge/retrying.ts';
import { Bell, linked, sleep } from '../edge/waiting.ts';
import type { StoredEvent } from '../events.ts';
import type { GroupBatch, GroupCalls, GroupPoll } from './group-calls.ts';
import type { Handle } from './handling.ts';
import { type HeldBatch, Holdings, ShardletLost } from './holdings.ts';
import type { Keeper, Seated } from './keeper.ts';
import { type Notice, NoticeBoard, type NoticeOf } from './notices.ts';
import type { Pace } from './pace.ts';
import { PreferredEdge } from './preferred-edge.ts';
import { Slots } from './slots.ts';

/** Events of a shardlet whose state is on its way were passed over: the next poll brings them again. */
const PASSED_OVER_MS = 250;
/** of the text of a dead letter */
const REASON_MAX = 1_000;

interface MembershipParts {
  readonly edges: Edges;
  readonly calls: GroupCalls;
  readonly pace: Pace;
  readonly handle: Handle;
  readonly stream: string | undefined;
  readonly onNotice: (notice: Notice) => void;
  readonly isPaused: () => boolean;
  /** where it has more than events of its shardlets */
  readonly keeper?: ((seated: Seated) => Keeper) | undefined;
}

export class Membership {
  private readonly parts: MembershipParts;
  private readonly keeper: Keeper | undefined;
  private readonly board: NoticeBoard;
  private readonly slots: Slots;
  private readonly holdings: Holdings;
  private readonly preferred: PreferredEdge;
  private readonly stopping = new AbortController();
  private readonly killed = new AbortController();
  private readonly changed = new Bell();
  private polling: AbortController | undefined;
  /** what the poll under way names as held */
  private named: Readonly<Record<string, { seq: number; assignment: number }>> = {};
  private committing = Promise.resolve();
  private isCommitting = false;
  private commitTimer: ReturnType<typeof setTimeout> | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** batches that handlers have */
  private running = 0;
  private given = 0;

  constructor(parts: MembershipParts) {
    this.parts = parts;
    this.board = new NoticeBoard(parts.calls.group, parts.onNotice);
    this.keeper = parts.keeper?.(this.seated());
    this.slots = new Slots(parts.pace.concurrency);
    this.holdings = new Holdings(this.keeper, parts.pace.bytesAheadMax);
    this.preferred = new PreferredEdge(parts.edges, parts.calls, parts.pace.followPreferredEdge);
  }

  /** Until `stop`, a failure, or `eventsMax`. @throws what a handler threw, or what the edge refused for good */
  async run(): Promise<void> {
    await this.poll().catch((error: unknown) => this.fail(error));
    const closed = new AbortController();
    const living = this.keeper === undefined ? undefined : this.staysAlive(closed.signal);
    await this.untilIdle();
    clearTimeout(this.commitTimer);
    await this.commitAll();
    await this.keeper?.close().catch((error: unknown) => this.fail(error));
    closed.abort();
    await living;
    // nobody waits for it: the session ends by itself
    await this.parts.calls.leave().catch(() => {});
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** Takes no more batches; those that handlers have are finished and committed. */
  stop(): void {
    this.stopping.abort();
    this.wake();
    this.polling?.abort();
  }

  /** Something has changed: it is paused, or goes on. */
  wake(): void {
    this.changed.ring();
    this.pump();
  }

  get stoppingSignal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Makes an event a dead letter of the group. @throws what the edge refused for good */
  async bury(batch: GroupBatch, event: StoredEvent, attempts: number, error: unknown): Promise<void> {
    const { edges, calls } = this.parts;
    const { shardlet, assignment } = batch;
    const reason = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(
      0,
      REASON_MAX,
    );
    const letter = { shardlet, seq: event.seq, assignment, reason, attempts };
    const patience = {
      what: `dead letter of ${calls.group}`,
      onWaiting: this.board.onWaiting,
      signal: this.killed.signal,
    };
    const isTaken = await retrying(edges, patience, () => calls.deadLetter(letter, this.killed.signal));
    if (!isTaken) {
      // of another member now: that one gets the event again
      this.holdings.fenced(batch);
      throw new ShardletLost(shardlet);
    }
    this.notice({ kind: 'dead-letter', shardlet, seq: event.seq, error });
  }

  private async poll(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const wanted = this.isWanted;
      const poll = await this.ask(wanted);
      if (poll === undefined) continue;
      this.pump();
      // full, or paused: a sign of life now and then
      if (!wanted) await this.untilWanted(this.parts.pace.heartbeatMs);
      else if (this.holdings.hasPassedOver) await this.changed.wait(PASSED_OVER_MS, signal);
    }
  }

  private get isWanted(): boolean {
    return this.hasRoom && !this.parts.isPaused();
  }

  /** At most so long. */
  private async untilWanted(ms: number): Promise<void> {
    const { signal } = this.stopping;
    const deadlineMs = performance.now() + ms;
    for (
      let leftMs = ms;
      leftMs > 0 && !this.isWanted && !signal.aborted;
      leftMs = deadlineMs - performance.now()
    )
      await this.changed.wait(leftMs, signal);
  }

  private get hasRoom(): boolean {
    return this.holdings.bytes < this.parts.pace.bytesAheadMax;
  }

  /** Undefined where it was called off. */
  private async ask(wanted: boolean): Promise<GroupPoll | undefined> {
    const { edges, pace, calls } = this.parts;
    const polling = new AbortController();
    this.polling = polling;
    const limits = linked([polling.signal, this.stopping.signal]);
    const patience = { what: `poll ${calls.group}`, signal: limits.signal, onWaiting: this.board.onWaiting };
    try {
      const { poll, size } = await retrying(edges, patience, () => {
        // what was committed meanwhile is not held any more
        this.named = this.holdings.after();
        const [limit, wait] = wanted ? [pace.batchEventsMax, pace.heartbeatMs] : [1, 0];
        const request = { limit, wait, after: this.named, version: this.holdings.version };
        return this.preferred.using(() => calls.poll(request, limits.signal));
      });
      this.board.reached();
      for (const shardlet of this.holdings.take(poll, size, wanted)) this.notice({ kind: 'lost', shardlet });
      this.board.assigned(poll);
      this.keeper?.look(poll.checkpointsDue);
      this.preferred.suggested(poll.preferredEdge);
      return poll;
    } catch (error) {
      if (limits.signal.aborted) return undefined;
      throw error;
    } finally {
      limits.release();
      this.polling = undefined;
    }
  }

  /** Gives batches to handlers, as many as may run at a time. */
  private pump(): void {
    const { eventsMax } = this.parts.pace;
    while (!this.stopping.signal.aborted && !this.parts.isPaused()) {
      if (this.given >= eventsMax || !this.slots.tryTake()) return;
      const next = this.holdings.next();
      if (next === undefined) {
        this.slots.release();
        return;
      }
      const held = this.limited(next);
      this.given += held.batch.events.length;
      this.running++;
      void this.work(held).then(() => {
        this.running--;
        this.slots.release();
        this.holdings.done(next);
        if (this.given >= eventsMax && this.running === 0) this.stop();
        this.letGoSoon();
        this.keeper?.look();
        this.wake();
      });
    }
  }

  /** No more than are wanted. */
  private limited(held: HeldBatch): HeldBatch {
    const left = this.parts.pace.eventsMax - this.given;
    if (held.batch.events.length <= left) return held;
    const events = held.batch.events.slice(0, left);
    return { ...held, batch: { ...held.batch, events, through: events.at(-1)!.seq } };
  }

  private async work(held: HeldBatch): Promise<void> {
    const { batch } = held;
    const { edges, calls, handle, stream } = this.parts;
    if (batch.skipped > 0) this.notice({ kind: 'skipped', shardlet: batch.shardlet, events: batch.skipped });
    const limits = linked([held.signal, this.killed.signal]);
    const info = { kind: 'consume' as const, stream: batch.events[0]?.stream ?? stream, group: calls.group };
    const end = edges.watch.batch({ ...info, shardlet: batch.shardlet, events: batch.events.length });
    try {
      if (batch.events.length === 0) this.processed(batch, batch.through);
      else await handle(batch, { signal: limits.signal, processed: (seq) => this.processed(batch, seq) });
      end({});
      this.commit();
    } catch (error) {
      end({ error });
      // of another member now: whatever it meant, that one gets the events again
      if (!held.signal.aborted) this.fail(error);
    } finally {
      limits.release();
    }
  }

  private processed(batch: GroupBatch, seq: number): void {
    this.holdings.processed(batch, seq);
    this.commitTimer ??= setTimeout(() => {
      this.commitTimer = undefined;
      this.commit();
    }, this.parts.pace.commitEveryMs);
  }

  /** One at a time; what is processed meanwhile goes with the next one. */
  private commit(): void {
    if (!this.isCommitting) this.committing = this.commitAll();
  }

  private async commitAll(): Promise<void> {
    const { edges, calls, pace } = this.parts;
    this.isCommitting = true;
    try {
      for (
        let positions = this.holdings.commits();
        positions.length > 0;
        positions = this.holdings.commits()
      ) {
        const patience = {
          what: `commit ${calls.group}`,
          onWaiting: this.board.onWaiting,
          ...(this.stopping.signal.aborted ? { patienceMs: pace.closeMs } : {}),
        };
        const asked = positions;
        const results = await retrying(edges, patience, () =>
          this.preferred.using(() => calls.commit(asked)),
        );
        for (const shardlet of this.holdings.committed(asked, results))
          this.notice({ kind: 'lost', shardlet });
      }
      this.letGoSoon();
      this.keeper?.look();
    } catch (error) {
      this.fail(error);
    } finally {
      this.isCommitting = false;
    }
  }

  /** Another member waits for what is not held any more: the poll that waits for events names it as held. */
  private letGoSoon(): void {
    if (this.holdings.canLetGo(this.named)) this.polling?.abort();
  }

  private async untilIdle(): Promise<void> {
    const { closeMs } = this.parts.pace;
    this.holdings.dropWaiting();
    const deadline = new AbortController();
    void sleep(closeMs, deadline.signal).then(
      () => {
        this.killed.abort(new DOMException('the consumer is closing', 'AbortError'));
        this.changed.ring();
      },
      () => {},
    );
    while (this.running > 0 && !this.killed.signal.aborted) await this.changed.wait();
    deadline.abort();
    await this.committing;
  }

  /** Nothing is polled any more, and what is kept is not saved yet: the session must not end meanwhile. */
  private async staysAlive(signal: AbortSignal): Promise<void> {
    const { calls, pace } = this.parts;
    while (!signal.aborted) {
      try {
        const request = { limit: 1, wait: 0, after: this.holdings.after(), version: this.holdings.version };
        const { poll, size } = await calls.poll(request, signal);
        for (const shardlet of this.holdings.take(poll, size, false)) this.notice({ kind: 'lost', shardlet });
        this.keeper?.look(poll.checkpointsDue);
      } catch {
        // whoever is not reached is not held up by it: the next one follows
      }
      await sleep(pace.heartbeatMs, signal).catch(() => {});
    }
  }

  private async unpaused<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.stopping;
    while (this.parts.isPaused() && !signal.aborted) await this.changed.wait(undefined, signal);
    return work();
  }

  private seated(): Seated {
    return {
      standings: () => this.holdings.standings(),
      handling: (work) => this.slots.using(() => this.unpaused(work)),
      commit: () => this.commit(),
      fenced: (shardlet, assignment) => {
        this.holdings.fenced({ shardlet, assignment });
        this.notice({ kind: 'lost', shardlet });
      },
      changed: () => {
        this.letGoSoon();
        this.wake();
      },
      fail: (error) => this.fail(error),
      onWaiting: this.board.onWaiting,
      stopping: this.stopping.signal,
    };
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.stop();
  }

  private notice(notice: NoticeOf): void {
    this.board.notice(notice);
  }
}
