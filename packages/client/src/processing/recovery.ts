/**
 * How the state of a shardlet comes back: the edge says from which checkpoints and which events after them, in order. A restored
 * checkpoint brings the keys of its step's range; events are handled again with `replaying`. It begins anew, without it, when a
 * checkpoint is damaged or has gone meanwhile.
 */
import { ForeshardError, isForeshardError } from '../edge/errors.ts';
import type { StoredEvent } from '../events.ts';
import {
  type Checkpoint,
  type CheckpointCalls,
  Fenced,
  type RecoveryPlan,
  type RecoveryStep,
  type Replayed,
  type Seat,
} from './checkpoint-calls.ts';
import { decoded } from './content.ts';
import { jsonText } from './json-text.ts';
import { holdsKey, type KeyRange } from './key-range.ts';
import { ShardletState } from './shardlet-state.ts';
import { Slices } from './slices.ts';

/** What the state becomes that a handler of another version left. Undefined: nothing is kept of the key. */
export type Migrate<S> = (state: unknown, fromVersion: string, key: string) => S | undefined;
/** The state of a key that has one in each of two shardlets which became one. */
export type Merge<S> = (a: S, b: S, key: string) => S | undefined;

export interface RecoverySettings {
  readonly version: string;
  readonly migrate: Migrate<unknown> | undefined;
  readonly merge: Merge<unknown> | undefined;
  readonly onStateLost: 'fail' | 'continue';
}

export interface RecoveryParts {
  readonly calls: CheckpointCalls;
  readonly settings: RecoverySettings;
  readonly seat: Seat;
  readonly signal: AbortSignal;
  /** Handles events once more, in order. */
  readonly replay: (events: readonly StoredEvent[], state: ShardletState) => Promise<void>;
}

/** What the next checkpoint may be based on. */
export interface Chain {
  readonly id: string;
  readonly seq: number;
  readonly deltas: number;
  /** of the whole one */
  readonly wholeBytes: number;
  readonly deltaBytes: number;
}

export interface RecoveredState {
  readonly state: ShardletState;
  /** of the shardlet itself; undefined: nothing of it is stored in this handler's version */
  readonly chain: Chain | undefined;
  readonly restored: readonly Checkpoint[];
  readonly restoreMs: number;
  readonly bytes: number;
  readonly replayedEvents: number;
  readonly replayMs: number;
  readonly lostEvents: number;
  /** why the state lacks events, where `onStateLost` is `continue` */
  readonly lost: ForeshardError | undefined;
}

const ATTEMPTS_MAX = 20;

/** @throws ForeshardError, Fenced, what a handler threw, the signal's reason */
export async function recover(parts: RecoveryParts): Promise<RecoveredState> {
  const without: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const { plan, lost } = await planned(parts, without);
    const recovery = new Recovery(parts, plan);
    try {
      await recovery.run();
      return { ...recovery.result(), lost };
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX) throw error instanceof Unusable ? error.cause : error;
      if (error instanceof Unusable) without.push(error.checkpoint);
      // retention was faster than the replay: the next plan says so
      else if (!isForeshardError(error, 'state_lost') || parts.settings.onStateLost === 'fail') throw error;
    }
  }
}

async function planned({ calls, seat, settings, signal }: RecoveryParts, without: readonly string[]) {
  const handlerVersion = settings.version;
  const ask = async (how: object) => {
    try {
      return { plan: await calls.plan(seat, { handlerVersion, ...how }, signal), lost: undefined };
    } catch (error) {
      if (!isForeshardError(error, 'state_lost') || settings.onStateLost === 'fail') throw error;
      const plan = await calls.plan(seat, { handlerVersion, ...how, allowLost: true }, signal);
      return { plan, lost: error };
    }
  };
  const leftOut = without.length === 0 ? {} : { without };
  const { plan, lost } = await ask(leftOut);
  const isForeign = (step: RecoveryStep): boolean =>
    step.kind === 'restore' && step.checkpoint.handlerVersion !== handlerVersion;
  if (settings.migrate !== undefined || !plan.steps.some(isForeign)) return { plan, lost };
  return ask({ ...leftOut, fromLog: true });
}

/** A checkpoint that cannot be restored. */
class Unusable extends Error {
  readonly checkpoint: string;

  constructor(checkpoint: string, cause: unknown) {
    super(`checkpoint ${checkpoint} cannot be restored`, { cause });
    this.checkpoint = checkpoint;
  }
}

class Recovery {
  private readonly parts: RecoveryParts;
  private readonly plan: RecoveryPlan;
  private readonly state = new ShardletState();
  private readonly slices = new Slices();
  /** the chain of checkpoints that is being read: a whole one, then deltas on it */
  private loading = new Map<string, string>();
  private loaded: Checkpoint[] = [];
  private chain: Chain | undefined;
  private readonly restored: Checkpoint[] = [];
  private readonly times = { restoreMs: 0, bytes: 0, replayedEvents: 0, replayMs: 0 };

  constructor(parts: RecoveryParts, plan: RecoveryPlan) {
    [this.parts, this.plan] = [parts, plan];
  }

  async run(): Promise<void> {
    const { steps, range, committed } = this.plan;
    for (const [i, step] of steps.entries()) {
      const startedMs = performance.now();
      if (step.kind === 'restore') {
        await this.restore(step.checkpoint, step.range ?? range);
        const next = steps[i + 1];
        const isMore = next?.kind === 'restore' && next.checkpoint.base === step.checkpoint.id;
        if (!isMore) await this.take();
        this.times.restoreMs += performance.now() - startedMs;
      } else {
        await this.replay(step);
        this.times.replayMs += performance.now() - startedMs;
      }
    }
    [this.state.seq, this.state.epoch] = [committed.seq, committed.epoch];
  }

  result() {
    const { state, chain, restored, plan, times } = this;
    const rounded = { restoreMs: Math.round(times.restoreMs), replayMs: Math.round(times.replayMs) };
    const lostEvents = (plan.lost ?? []).reduce((sum, { after, through }) => sum + through - after, 0);
    return { state, chain, restored, lostEvents, ...times, ...rounded };
  }

  private async restore(checkpoint: Checkpoint, range: KeyRange): Promise<void> {
    const { calls, signal } = this.parts;
    try {
      const bytes = await calls.content(checkpoint, signal);
      this.times.bytes += bytes.length;
      await decoded(
        ...([bytes, checkpoint.digest] as const),
        (header) => {
          if (header.kind === 'full') this.loading.clear();
        },
        (key, text) => {
          if (!holdsKey(range, key)) return;
          if (text === undefined) this.loading.delete(key);
          else this.loading.set(key, text);
        },
      );
    } catch (error) {
      // pruned meanwhile, damaged, or its store has lost it
      if (signal.aborted || !isUnusable(error)) throw error;
      throw new Unusable(checkpoint.id, error);
    }
    this.loaded.push(checkpoint);
  }

  /** What was read becomes part of the state. */
  private async take(): Promise<void> {
    const { settings, seat } = this.parts;
    const [whole, ...deltas] = this.loaded;
    const newest = deltas.at(-1) ?? whole!;
    for (const [key, text] of this.loading) {
      const brought = this.migrated(key, text, newest.handlerVersion);
      if (brought !== undefined) this.state.restore(key, this.merged(key, brought));
      if (this.slices.isOver(text.length)) await this.slices.pause();
    }
    const isOwn = newest.shardlet === seat.shardlet && newest.handlerVersion === settings.version;
    const deltaBytes = deltas.reduce((sum, { bytes }) => sum + bytes, 0);
    const sizes = { wholeBytes: whole!.bytes, deltaBytes };
    if (isOwn) this.chain = { id: newest.id, seq: newest.seq, deltas: deltas.length, ...sizes };
    this.restored.push(...this.loaded);
    this.loading = new Map();
    this.loaded = [];
  }

  private migrated(key: string, text: string, fromVersion: string): string | undefined {
    const { version, migrate } = this.parts.settings;
    if (fromVersion === version || migrate === undefined) return text;
    const state = migrate(JSON.parse(text), fromVersion, key);
    return state === undefined ? undefined : jsonText(key, state);
  }

  private merged(key: string, text: string): string | undefined {
    const before = this.state.get(key);
    if (before === undefined) return text;
    const { merge } = this.parts.settings;
    if (merge === undefined)
      throw new ForeshardError(
        'invalid_state',
        `key "${key}" has a state in two shardlets that became one: give the processor a \`merge\``,
      );
    const state = merge(JSON.parse(before), JSON.parse(text), key);
    return state === undefined ? undefined : jsonText(key, state);
  }

  /** The next events are fetched while these are handled. */
  private async replay(step: RecoveryStep & { kind: 'replay' }): Promise<void> {
    const { calls, seat, signal } = this.parts;
    const page = (after: number): Promise<Replayed> => {
      const asked = calls.replay(seat, step, after, signal);
      // its failure is seen when it is waited for
      asked.catch(() => {});
      return asked;
    };
    let next: Promise<Replayed> | undefined = page(step.after);
    while (next !== undefined) {
      const { events, through, done }: Replayed = await next;
      next = done || through >= step.through ? undefined : page(through);
      await this.parts.replay(events, this.state);
      signal.throwIfAborted();
      this.times.replayedEvents += events.length;
    }
  }
}

function isUnusable(error: unknown): boolean {
  if (error instanceof Fenced) return false;
  return !(error instanceof ForeshardError) || error.code === 'damaged_checkpoint' || error.status === 404;
}
