/**
 * Restores the state of a shardlet as a member would, and throws it away: plans the recovery, reads and unpacks every
 * checkpoint of the plan, and looks whether the events to replay can be read. A checkpoint that cannot be restored is left
 * out, and the recovery planned anew, as the client library does it. So the answer is both what is wrong, and what a member
 * would come back with nevertheless.
 *
 * The replay itself is not carried out: only the handler of the group could. Its time is estimated from earlier ones.
 */
import {
  FIRST_RECOVERY_MODEL,
  type Recovery,
  type RecoveryStep,
  recoveryOf,
  type StateCheckpoint,
} from '../checkpointing/index.ts';
import { setBack, standingOf } from '../consuming/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import { contains, hashKey, type Range } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { ChainReader } from './chain-reader.ts';
import { notYet, type StateParts, statefulGroup, stillThere } from './parts.ts';
import { type LostEvents, RecoveryPlanner, STALE_LOOKS } from './recovery-planner.ts';

export type DrillParts = Pick<
  StateParts,
  'groups' | 'records' | 'recoveries' | 'stores' | 'map' | 'refresh' | 'host' | 'reads' | 'digestOf' | 'nowMs'
>;

export type DrilledStep =
  | {
      readonly kind: 'restore';
      readonly checkpoint: StateCheckpoint;
      /** that are in it; undefined: it was not unpacked */
      readonly entries: number | undefined;
      /** why not */
      readonly unread: string | undefined;
      readonly ms: number;
    }
  | { readonly kind: 'replay'; readonly shardlet: number; readonly after: number; readonly through: number };

/** A checkpoint that the newest recovery would have begun with, and that cannot be restored. */
export interface Unusable {
  readonly checkpoint: StateCheckpoint;
  readonly error: string;
}

export interface Drill {
  readonly group: string;
  readonly shardlet: number;
  /** committed so far, which is where the state comes to */
  readonly seq: number;
  /** of the recovery that succeeded in the end */
  readonly steps: readonly DrilledStep[];
  readonly unusable: readonly Unusable[];
  readonly lost: readonly LostEvents[];
  /** with a state, as far as checkpoints restore it; undefined: a content was not unpacked */
  readonly keys: number | undefined;
  /** of these keys with their values, as JSON */
  readonly stateBytes: number | undefined;
  /** of the contents that were read */
  readonly bytes: number;
  /** to replay */
  readonly events: number;
  /** measured: read, compared and unpacked */
  readonly restoreMs: number;
  readonly estimate: Recovery;
}

/** As often does a member try. */
const ATTEMPTS_MAX = 20;
/** One event of any size is always given. */
const LOOK = { maxRecords: 1, maxBytes: 1 };

export class RestoreDrill {
  private readonly parts: DrillParts;
  private readonly planner: RecoveryPlanner;

  constructor(parts: DrillParts) {
    this.parts = parts;
    this.planner = new RecoveryPlanner(parts);
  }

  /** @throws ForeshardError unknown_group, unknown_shardlet, invalid_parameter, overloaded @throws HostUnreachable, StoreUnreachable */
  async run(name: string, id: number): Promise<Drill> {
    const { shardlet, seq } = await this.recoverable(name, id);
    const unusable: Unusable[] = [];
    for (;;) {
      const without = unusable.map(({ checkpoint }) => checkpoint.id);
      const steps = await this.planner.stepsOf(name, shardlet, seq, { fromLog: false, without });
      const run = new DrillRun(this.parts);
      const found = await run.restore(steps);
      if (found !== undefined) unusable.push(found);
      if (found !== undefined && unusable.length < ATTEMPTS_MAX) continue;
      const { replays, lost } = await this.replayable(steps);
      const events = replays.reduce((sum, { after, through }) => sum + through - after, 0);
      const model = (await this.parts.recoveries.model(name))?.model ?? FIRST_RECOVERY_MODEL;
      return {
        ...{ group: name, shardlet: id, seq, unusable, lost, events },
        ...run.result(),
        steps: [...run.restored, ...replays],
        estimate: recoveryOf(model, { bytes: run.bytes, events }),
      };
    }
  }

  /** Those that a member could be given now. @throws ForeshardError unknown_group */
  async candidates(name: string): Promise<number[]> {
    const { group, state } = await statefulGroup(this.parts, name);
    return standingOf(this.parts.map, group, state.checkpoints).workable.map(({ id }) => id);
  }

  private async recoverable(name: string, id: number): Promise<{ shardlet: Shardlet; seq: number }> {
    const { group, state } = await statefulGroup(this.parts, name);
    const shardlet = this.parts.map.shardlet(id);
    if (shardlet?.stream !== group.stream)
      throw new ForeshardError('unknown_shardlet', `The stream of "${name}" has no shardlet ${id}.`);
    const { workable } = standingOf(this.parts.map, group, state.checkpoints);
    if (workable.every((one) => one.id !== id))
      throw new ForeshardError(
        'invalid_parameter',
        `Nobody recovers shardlet ${id} now: the group "${name}" has processed it to its end, or its parents not yet.`,
        { pointer: '/shardlet' },
      );
    const position = state.checkpoints.get(id);
    return { shardlet, seq: position === undefined ? 0 : setBack(position, shardlet).seq };
  }

  private async replayable(steps: readonly RecoveryStep<StateCheckpoint>[]) {
    const replays: Extract<DrilledStep, { kind: 'replay' }>[] = [];
    const lost: LostEvents[] = [];
    for (const planned of steps) {
      if (planned.kind === 'restore') continue;
      const { step, lost: gone } = await this.planner.present(planned);
      if (gone !== undefined) lost.push(gone);
      if (step?.kind !== 'replay') continue;
      const { shardlet, through } = step;
      const readable = await this.readableFrom(shardlet, step.after);
      // retention was faster than the drill
      if (readable > step.after)
        lost.push({ shardlet, after: step.after, through: Math.min(readable, through) });
      if (readable < through) replays.push({ kind: 'replay', shardlet, after: readable, through });
    }
    return { replays, lost };
  }

  /** The seq after which events can be read, at least `after`. @throws ForeshardError overloaded */
  private async readableFrom(id: number, after: number): Promise<number> {
    const { reads, refresh } = this.parts;
    for (let looks = 1; ; looks++) {
      const now = stillThere(this.parts, id);
      if (now.state.kind === 'gone') return now.state.finalSeq;
      const minEpoch = Math.max(0, ...now.lost.map(({ epoch }) => epoch));
      const reply = await reads.read(now, after + 1, minEpoch, LOOK);
      if (reply.kind === 'gone') return reply.firstSeq - 1;
      if (reply.kind === 'records' && reply.nextSeq > after + 1) return after;
      if (looks >= STALE_LOOKS) throw notYet(`Shardlet ${id} cannot be read after ${after} just now.`);
      await refresh();
    }
  }
}

/** One attempt at the checkpoints of a plan. */
class DrillRun {
  readonly restored: Extract<DrilledStep, { kind: 'restore' }>[] = [];
  bytes = 0;
  private readonly parts: DrillParts;
  private restoreMs = 0;
  private isUnread = false;
  private readonly chain: ChainReader;
  private readonly state = new Map<string, number>();

  constructor(parts: DrillParts) {
    this.parts = parts;
    this.chain = new ChainReader(parts);
  }

  /** Undefined: all were restored. */
  async restore(steps: readonly RecoveryStep<StateCheckpoint>[]): Promise<Unusable | undefined> {
    for (const [i, step] of steps.entries()) {
      if (step.kind !== 'restore') continue;
      const startedMs = this.parts.nowMs();
      const next = steps[i + 1];
      const isLast = next?.kind !== 'restore' || next.checkpoint.base !== step.checkpoint.id;
      const { entries, unread, ...read } = await this.chain.read(step.checkpoint);
      const error = read.error ?? (isLast ? this.chain.contradiction(step.checkpoint) : undefined);
      await this.parts.records.verified(step.checkpoint.id, error);
      if (error !== undefined) return { checkpoint: step.checkpoint, error };
      this.bytes += read.bytes;
      if (unread !== undefined) this.isUnread = true;
      if (isLast) this.take(step.range);
      const ms = this.parts.nowMs() - startedMs;
      this.restoreMs += ms;
      this.restored.push({ kind: 'restore', checkpoint: step.checkpoint, entries, unread, ms });
    }
    return undefined;
  }

  result(): Pick<Drill, 'keys' | 'stateBytes' | 'bytes' | 'restoreMs'> {
    const { bytes, restoreMs, isUnread, state } = this;
    if (isUnread) return { bytes, restoreMs, keys: undefined, stateBytes: undefined };
    const stateBytes = [...state.values()].reduce((sum, one) => sum + one, 0);
    return { bytes, restoreMs, keys: state.size, stateBytes };
  }

  /** Of a chain that is whole, the keys of the step become part of the state. */
  private take(range: Range): void {
    for (const [key, bytes] of this.chain.keys)
      if (contains(range, { hi: hashKey(key), lo: 0 })) this.state.set(key, bytes);
  }
}

/** What went wrong, for people; empty: a member would come back with its whole state, as fast as can be. */
export function failuresOf({ shardlet, unusable, lost }: Drill): string[] {
  return [
    ...unusable.map(({ error }) => error),
    ...lost.map(
      ({ shardlet: of, after, through }) =>
        `The state of shardlet ${shardlet} needs the events ${after + 1} to ${through} of shardlet ${of}, which are past their retention.`,
    ),
  ];
}
