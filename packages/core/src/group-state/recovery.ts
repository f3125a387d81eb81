/**
 * Tells a member how the state of its shardlet comes back, and gives it the events to replay. Nothing is kept here between
 * two calls: any edge serves any of them, and each is fenced by the assignment.
 */
import {
  intersection,
  keysIn,
  lineageOf,
  type MeasuredRecovery,
  type RecoveryStep,
  type StateCheckpoint,
} from '../checkpointing/index.ts';
import { setBack } from '../consuming/index.ts';
import { framePosition, type StoredRecord } from '../hosts/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import { contains, type Range } from '../keyspace/index.ts';
import { finalSeqOf, type Shardlet } from '../topology/index.ts';
import {
  type Claim,
  type Fenced,
  type Held,
  heldBy,
  isFenced,
  notYet,
  type StateParts,
  stillThere,
} from './parts.ts';
import { type LostEvents, type PlanWanted, RecoveryPlanner, STALE_LOOKS } from './recovery-planner.ts';

export interface RecoveryAsked extends Claim, PlanWanted {
  /** leave out what retention took, instead of refusing */
  readonly allowLost: boolean;
}

export interface RecoveryPlan {
  readonly committed: { readonly seq: number; readonly epoch: number };
  readonly range: Range;
  readonly steps: readonly RecoveryStep<StateCheckpoint>[];
  readonly lost: readonly LostEvents[];
}

export interface ReplayAsked extends Claim {
  readonly of: number;
  readonly after: number;
  readonly through: number;
  readonly range?: Range | undefined;
  readonly limit: number;
}

export interface Replayed {
  readonly stream: number;
  readonly shardlet: Shardlet;
  readonly records: readonly StoredRecord[];
  readonly through: number;
  readonly done: boolean;
}

/** Of one answer; one event of any size is always given. */
const REPLAY_BYTES_MAX = 4_000_000;

export class StateRecovery {
  private readonly parts: StateParts;
  private readonly planner: RecoveryPlanner;

  constructor(parts: StateParts) {
    this.parts = parts;
    this.planner = new RecoveryPlanner(parts);
  }

  /** @throws ForeshardError unknown_group, unknown_stream, foreign_member, state_lost, overloaded @throws HostUnreachable */
  async plan(name: string, asked: RecoveryAsked): Promise<RecoveryPlan | Fenced> {
    const held = await heldBy(this.parts, name, asked);
    if (isFenced(held)) return held;
    const { shardlet, position } = held;
    // the next poll sets it back, under a new assignment
    if (setBack(position, shardlet) !== position) return { kind: 'fenced', assignment: position.assignment };
    const { seq, epoch } = position;
    // whoever is next is not offered them first, and the worker looks at them
    if (asked.without.length > 0) await this.parts.records.doubt(name, asked.without, notRestored(asked));
    const { steps, lost } = await this.presentSteps(name, shardlet, seq, asked);
    if (lost.length > 0 && !asked.allowLost) throw stateLost(shardlet.id, lost[0]!);
    return { committed: { seq, epoch }, range: shardlet.range, steps, lost };
  }

  /** Of sound checkpoints. Where these are too old, one that is said to be damaged is better than none: it may be whole again. */
  private async presentSteps(name: string, shardlet: Shardlet, seq: number, asked: PlanWanted) {
    const sound = await this.presentOf(
      await this.planner.stepsOf(name, shardlet, seq, { ...asked, soundOnly: true }),
    );
    if (sound.lost.length === 0) return sound;
    const any = await this.presentOf(await this.planner.stepsOf(name, shardlet, seq, asked));
    return eventsIn(any.lost) < eventsIn(sound.lost) ? any : sound;
  }

  private async presentOf(planned: readonly RecoveryStep<StateCheckpoint>[]) {
    const [steps, lost]: [RecoveryStep<StateCheckpoint>[], LostEvents[]] = [[], []];
    for (const one of planned) {
      const present = await this.planner.present(one);
      if (present.lost !== undefined) lost.push(present.lost);
      if (present.step !== undefined) steps.push(present.step);
    }
    return { steps, lost };
  }

  /** @throws ForeshardError unknown_group, unknown_stream, invalid_parameter, state_lost, overloaded @throws HostUnreachable */
  async replay(name: string, asked: ReplayAsked): Promise<Replayed | Fenced> {
    const held = await heldBy(this.parts, name, asked);
    if (isFenced(held)) return held;
    const shardlet = this.ancestorOf(held, asked.of);
    const end = shardlet.id === held.shardlet.id ? held.position.seq : (finalSeqOf(shardlet) ?? 0);
    const through = Math.min(asked.through, end);
    const keys = keysIn(held.shardlet.range);
    const part = intersection(asked.range ?? keys, keys);
    const stream = held.known.group.stream;
    if (asked.after >= through || part === undefined)
      return { stream, shardlet, records: [], through, done: true };
    const { records, nextSeq } = await this.read(shardlet, asked.after, through, asked.limit);
    const reached = Math.min(through, nextSeq - 1);
    const wanted = records.filter(({ seq, frame }) => seq <= through && contains(part, framePosition(frame)));
    return { stream, shardlet, records: wanted, through: reached, done: reached >= through };
  }

  /** One of a lost assignment says nothing about the group as it is. @throws ForeshardError unknown_group, foreign_member */
  async recovered(name: string, claim: Claim, measured: MeasuredRecovery): Promise<void> {
    const held = await heldBy(this.parts, name, claim);
    if (!isFenced(held)) await this.parts.recoveries.note(name, measured);
  }

  private async read(shardlet: Shardlet, after: number, through: number, limit: number) {
    const { reads, refresh } = this.parts;
    const options = { maxRecords: Math.min(limit, through - after), maxBytes: REPLAY_BYTES_MAX };
    for (let looks = 1; ; looks++) {
      const now = stillThere(this.parts, shardlet.id);
      // an older copy is a correct prefix, but one of before a loss is not
      const minEpoch = Math.max(0, ...now.lost.map(({ epoch }) => epoch));
      const reply =
        now.state.kind === 'gone'
          ? { kind: 'gone' as const, firstSeq: now.state.finalSeq + 1 }
          : await reads.read(now, after + 1, minEpoch, options);
      if (reply.kind === 'gone')
        throw stateLost(shardlet.id, { shardlet: shardlet.id, after, through: reply.firstSeq - 1 });
      if (reply.kind === 'records' && reply.nextSeq > after + 1) return reply;
      if (looks >= STALE_LOOKS)
        throw notYet(`Shardlet ${shardlet.id} cannot be read to ${through} just now.`);
      await refresh();
    }
  }

  /** @throws ForeshardError invalid_parameter */
  private ancestorOf({ shardlet }: Held, id: number): Shardlet {
    const { map } = this.parts;
    const found = lineageOf({ shardlet: (one) => map.shardlet(one) }, shardlet).find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new ForeshardError(
      'invalid_parameter',
      `Shardlet ${id} is neither shardlet ${shardlet.id} nor an ancestor of it.`,
      { pointer: '/of' },
    );
  }
}

function eventsIn(lost: readonly LostEvents[]): number {
  return lost.reduce((sum, { after, through }) => sum + through - after, 0);
}

function notRestored({ member, shardlet }: Claim): string {
  return `The member "${member}" could not restore it, for shardlet ${shardlet}.`;
}

function stateLost(shardlet: number, { shardlet: of, after, through }: LostEvents): ForeshardError {
  return new ForeshardError(
    'state_lost',
    `The state of shardlet ${shardlet} needs the events ${after + 1} to ${through} of shardlet ${of}, which are past their retention.`,
  );
}
