/**
 * What a processor keeps of the shardlets of its member: it recovers the state of each one that comes, decides when a
 * checkpoint is taken, and holds a shardlet until its last checkpoint is valid. A checkpoint is taken when the edge calls it due,
 * when the shardlet goes to another member or has come to its end, when the processor ends, and after `intervalMs`.
 */
import type { CheckpointDue } from '../consuming/group-calls.ts';
import type { Standing } from '../consuming/holdings.ts';
import type { Keeper, Seated } from '../consuming/keeper.ts';
import { Slots } from '../consuming/slots.ts';
import { isForeshardError } from '../edge/errors.ts';
import { Bell, type Linked, linked } from '../edge/waiting.ts';
import type { StoredEvent } from '../events.ts';
import { type CheckpointCalls, type CheckpointReason, Fenced } from './checkpoint-calls.ts';
import { KeptShardlet, type Saved } from './kept-shardlet.ts';
import { type RecoveredState, type RecoverySettings, recover } from './recovery.ts';
import type { ShardletState } from './shardlet-state.ts';

export interface StateKeeperParts {
  readonly seated: Seated;
  readonly calls: CheckpointCalls;
  readonly settings: RecoverySettings;
  readonly intervalMs: number;
  readonly letGoMs: number;
  readonly replay: (
    events: readonly StoredEvent[],
    state: ShardletState,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly onRecovered: (shardlet: number, recovered: RecoveredState) => void;
  readonly onSaved: (saved: Saved) => void;
  readonly onSaveFailed: (shardlet: number, reason: CheckpointReason, error: unknown) => void;
}

/** At the same time: each one holds its content in memory. */
const RECOVERIES_MAX = 4;
const SAVES_MAX = 4;
const RETRY_MS = 5_000;
const LAST_RETRY_MS = 500;
const LOOK_MS_MAX = 1_000;
const CONFLICT = 409;

export class StateKeeper implements Keeper {
  private readonly parts: StateKeeperParts;
  private readonly kept = new Map<number, KeptShardlet>();
  private readonly recoveries = new Slots(RECOVERIES_MAX);
  private readonly saves = new Slots(SAVES_MAX);
  private readonly changed = new Bell();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closingSinceMs: number | undefined;
  private readonly closed = new AbortController();

  constructor(parts: StateKeeperParts) {
    this.parts = parts;
  }

  get shardlets(): Iterable<KeptShardlet> {
    return this.kept.values();
  }

  state(shardlet: number): ShardletState | undefined {
    return this.kept.get(shardlet)?.state;
  }

  isReady(shardlet: number): boolean {
    return this.kept.get(shardlet)?.state !== undefined;
  }

  /** Whether a state would go with it. One whose last checkpoint fails for too long is let go without. */
  isKept(shardlet: number): boolean {
    const one = this.kept.get(shardlet);
    return one?.isUnsaved === true && !this.isOverdue(one);
  }

  look(due: readonly CheckpointDue[] = []): void {
    if (this.closed.signal.aborted) return;
    const standings = new Map(this.parts.seated.standings().map((each) => [each.shardlet, each]));
    this.drop(standings);
    for (const { shardlet } of due) {
      const one = this.kept.get(shardlet);
      if (one !== undefined && performance.now() >= one.judgedFromMs) one.isDue = true;
    }
    for (const standing of standings.values()) this.lookAt(standing);
    this.changed.ring();
    this.timer ??= setTimeout(() => this.later(), Math.min(LOOK_MS_MAX, this.parts.intervalMs));
  }

  /** All is committed that will be: what is not saved is, for as long as letting go may take. */
  async close(): Promise<void> {
    this.closingSinceMs = performance.now();
    this.look();
    const mustWait = () => [...this.kept.values()].some((one) => this.isKept(one.shardlet) || one.isSaving);
    while (mustWait() && this.closingLeftMs > 0) {
      await this.changed.wait(Math.min(LAST_RETRY_MS, this.closingLeftMs));
      this.look();
    }
    this.closed.abort(new DOMException('the processor is closing', 'AbortError'));
    clearTimeout(this.timer);
  }

  private later(): void {
    this.timer = undefined;
    this.look();
    // one whose time to let go is over is named no more
    this.parts.seated.changed();
  }

  private drop(standings: ReadonlyMap<number, Standing>): void {
    for (const [shardlet, { assignment }] of this.kept)
      if (standings.get(shardlet)?.assignment !== assignment) this.kept.delete(shardlet);
  }

  private lookAt(standing: Standing): void {
    const { shardlet } = standing;
    let one = this.kept.get(shardlet);
    if (one === undefined) {
      if (this.parts.seated.stopping.aborted) return;
      one = new KeptShardlet(standing);
      this.kept.set(shardlet, one);
      void this.recover(one);
    }
    // a batch without events is no matter of handlers
    one.advance(standing);
    const reason = this.reasonNow(one, standing);
    if (reason === undefined || one.isSaving || performance.now() < one.retryAtMs) return;
    void this.save(one, reason);
  }

  /** Why a checkpoint is to be taken now. */
  private reasonNow(one: KeptShardlet, standing: Standing): CheckpointReason | undefined {
    if (!one.isUnsaved) {
      [one.isDue, one.lastWantedAtMs] = [false, undefined];
      return undefined;
    }
    const last = this.lastReason(standing);
    if (last === undefined) one.lastWantedAtMs = undefined;
    else {
      one.lastWantedAtMs ??= performance.now();
      return this.isOverdue(one) ? undefined : last;
    }
    if (one.isDue) return 'due';
    return performance.now() - one.savedAtMs >= this.parts.intervalMs ? 'interval' : undefined;
  }

  private lastReason({ revoking, finalSeq, fetched, processed }: Standing): CheckpointReason | undefined {
    if (finalSeq !== undefined && processed >= finalSeq) return 'final';
    if (revoking && processed === fetched) return 'revoking';
    return this.closingSinceMs === undefined ? undefined : 'closing';
  }

  private isOverdue({ lastWantedAtMs }: KeptShardlet): boolean {
    return lastWantedAtMs !== undefined && performance.now() - lastWantedAtMs >= this.parts.letGoMs;
  }

  private get closingLeftMs(): number {
    return this.parts.letGoMs - (performance.now() - (this.closingSinceMs ?? 0));
  }

  private async recover(one: KeptShardlet): Promise<void> {
    const { seated, calls, settings, replay, onRecovered } = this.parts;
    const limits = linked([one.signal, seated.stopping]);
    const { signal } = limits;
    try {
      const recovered = await this.recoveries.using(() => {
        signal.throwIfAborted();
        return recover({
          ...{ calls, settings, seat: one, signal },
          replay: (events, state) => seated.handling(() => replay(events, state, signal)),
        });
      });
      if (signal.aborted) return;
      one.restored(recovered);
      onRecovered(one.shardlet, recovered);
      this.report(one, recovered);
      this.look();
      seated.changed();
    } catch (error) {
      this.ended(one, error, limits);
    } finally {
      limits.release();
    }
  }

  /** What is learned from it helps the next one; nothing depends on it. */
  private report(one: KeptShardlet, recovered: RecoveredState): void {
    const { restoreMs, bytes, replayedEvents, replayMs, lostEvents, restored } = recovered;
    if (restored.length === 0 && replayedEvents === 0 && lostEvents === 0) return;
    const fromLog = restored.length === 0;
    const times = { restoreMs, bytes, replayedEvents, replayMs, lostEvents, fromLog };
    this.parts.calls.recovered(one, times, one.signal).catch(() => {});
  }

  private async save(one: KeptShardlet, reason: CheckpointReason): Promise<void> {
    const { seated, calls, settings, onSaved, onSaveFailed } = this.parts;
    one.isSaving = true;
    one.isDue = false;
    const limits = linked([one.signal, this.closed.signal]);
    const { signal } = limits;
    try {
      const saved = await this.saves.using(() =>
        one.save({
          ...{ calls, version: settings.version, reason, signal },
          committed: (seq) => this.committed(one, seq, signal),
        }),
      );
      if (!signal.aborted) onSaved(saved);
    } catch (error) {
      one.retryAtMs = performance.now() + (one.lastWantedAtMs === undefined ? RETRY_MS : LAST_RETRY_MS);
      if (error instanceof Fenced) seated.fenced(one.shardlet, one.assignment);
      else if (!signal.aborted) {
        if (isRefusedForGood(error)) one.lastWantedAtMs = Number.NEGATIVE_INFINITY;
        onSaveFailed(one.shardlet, reason, error);
      }
    } finally {
      limits.release();
      one.isSaving = false;
      this.look();
      this.changed.ring();
      seated.changed();
    }
  }

  /** A checkpoint is never ahead of the position of the group. */
  private async committed(one: KeptShardlet, seq: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const standing = this.parts.seated.standings().find(({ shardlet }) => shardlet === one.shardlet);
      if (standing?.assignment === one.assignment && standing.committed >= seq) return;
      this.parts.seated.commit();
      await this.changed.wait(LOOK_MS_MAX, signal);
    }
  }

  private ended(one: KeptShardlet, error: unknown, { signal }: Linked): void {
    if (signal.aborted) return;
    if (error instanceof Fenced) this.parts.seated.fenced(one.shardlet, one.assignment);
    else this.parts.seated.fail(error);
  }
}

/** The same would be refused again. A conflict may be over the next time. */
function isRefusedForGood(error: unknown): boolean {
  return (
    isForeshardError(error) && !error.isPassing && error.status !== undefined && error.status !== CONFLICT
  );
}
