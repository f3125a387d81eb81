/**
 * One append call to one host: the events that wait for it, grouped by shardlet, each group's frames in one
 * run of bytes and in the order in which they came. Frames are written here, straight into their place.
 */
import {
  type AppendGroup,
  type AppendReply,
  DEDUP_LEAD_MICROS,
  FRAME_HEADER_BYTES,
  writeFrame,
} from '@foreshard/core/hosts';
import { invariant, MICROS_PER_MS } from '@foreshard/core/kernel';
import { type Intake, PENDING, type Run, runOf } from './intake.ts';

export interface CallLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

interface GroupPlan {
  readonly shardlet: number;
  epoch: number;
  tokenTs: number;
  count: number;
  bytes: number;
  hasIdTimes: boolean;
  /** where its next event goes, among the members and among the frames */
  nextMember: number;
  nextByte: number;
}

/** Collects what goes into the next call; `add` answers `false` once the call is full. */
export class CallPlan {
  private readonly limits: CallLimits;
  private readonly intakes: Intake[] = [];
  private readonly indices: number[] = [];
  private readonly groupOf: number[] = [];
  private readonly groups: GroupPlan[] = [];
  private readonly groupByShardlet = new Map<number, number>();
  private bytes = 0;

  constructor(limits: CallLimits) {
    this.limits = limits;
  }

  get events(): number {
    return this.indices.length;
  }

  add(intake: Intake, i: number): boolean {
    const bytes = FRAME_HEADER_BYTES + intake.payloadLength(i);
    if (this.events === this.limits.eventsMax) return false;
    if (this.events > 0 && this.bytes + bytes > this.limits.bytesMax) return false;
    const group = this.groupFor(intake, i);
    const plan = this.groups[group]!;
    plan.count++;
    plan.bytes += bytes;
    // a higher epoch of the same shardlet is newer knowledge; a fence too high is refused, never wrong
    plan.epoch = Math.max(plan.epoch, intake.epoch[i]!);
    plan.tokenTs = Math.max(plan.tokenTs, intake.tokenTs);
    if (intake.idTime !== undefined && intake.idTime[i] !== 0) plan.hasIdTimes = true;
    this.intakes.push(intake);
    this.indices.push(i);
    this.groupOf.push(group);
    this.bytes += bytes;
    return true;
  }

  /** REQUIRES at least one event. */
  build(nowMicros: number): AppendCall {
    const frames = Buffer.allocUnsafe(this.bytes);
    const intakes = new Array<Intake>(this.events);
    const indices = new Array<number>(this.events);
    this.layOut();
    for (let n = 0; n < this.events; n++) {
      const plan = this.groups[this.groupOf[n]!]!;
      const intake = this.intakes[n]!;
      const i = this.indices[n]!;
      intakes[plan.nextMember] = intake;
      indices[plan.nextMember++] = i;
      plan.nextByte = frameOf(intake, i, frames, plan.nextByte);
    }
    const groups = this.groups.map((plan) => appendGroup(plan, intakes, indices, frames, nowMicros));
    return new AppendCall(groups, intakes, indices, this.bytes);
  }

  private groupFor(intake: Intake, i: number): number {
    const shardlet = intake.shardlet[i]!;
    let group = this.groupByShardlet.get(shardlet);
    if (group === undefined) {
      group = this.groups.length;
      this.groupByShardlet.set(shardlet, group);
      this.groups.push({
        shardlet,
        epoch: 0,
        tokenTs: 0,
        count: 0,
        bytes: 0,
        hasIdTimes: false,
        nextMember: 0,
        nextByte: 0,
      });
    }
    return group;
  }

  private layOut(): void {
    let member = 0;
    let byte = 0;
    for (const plan of this.groups) {
      plan.nextMember = member;
      plan.nextByte = byte;
      member += plan.count;
      byte += plan.bytes;
    }
  }
}

const identity = new Uint32Array(4);

function frameOf(intake: Intake, i: number, frames: Buffer, at: number): number {
  intake.identity(i, identity);
  const { from, to } = intake.bounds;
  return writeFrame(frames, at, intake.keyHash[i]!, identity, intake.bytes, from[i]!, to[i]!);
}

/** REQUIRES a plan whose members and frames are written: `nextMember` and `nextByte` are their ends. */
function appendGroup(
  plan: GroupPlan,
  intakes: readonly Intake[],
  indices: readonly number[],
  frames: Buffer,
  nowMicros: number,
): AppendGroup {
  const first = plan.nextMember - plan.count;
  const { stream } = intakes[first]!;
  const idTimes = (): number[] =>
    Array.from({ length: plan.count }, (_, k) => intakes[first + k]!.idTime?.[indices[first + k]!] ?? 0);
  return {
    shardlet: plan.shardlet,
    epoch: plan.epoch,
    edgeTs: Math.max(nowMicros, plan.tokenTs + 1),
    tokenTs: plan.tokenTs,
    dedup: { windowMicros: stream.dedupWindowMs * MICROS_PER_MS, leadMicros: DEDUP_LEAD_MICROS },
    frames: frames.subarray(plan.nextByte - plan.bytes, plan.nextByte),
    count: plan.count,
    ...(plan.hasIdTimes ? { idTimes: idTimes() } : {}),
  };
}

/** What a group's events came to, for the counters. */
export interface GroupOutcome {
  stored: number;
  storedBytes: number;
  duplicates: number;
  expired: number;
}

export class AppendCall {
  readonly groups: readonly AppendGroup[];
  readonly events: number;
  readonly bytes: number;
  /** the members of all groups, group after group */
  private readonly intakes: readonly Intake[];
  private readonly indices: readonly number[];

  constructor(
    groups: readonly AppendGroup[],
    intakes: readonly Intake[],
    indices: readonly number[],
    bytes: number,
  ) {
    this.groups = groups;
    this.intakes = intakes;
    this.indices = indices;
    this.events = indices.length;
    this.bytes = bytes;
  }

  /** the name of the stream of the group that begins at member `first` */
  streamAt(first: number): string {
    return this.intakes[first]!.stream.name;
  }

  /** Settles the events of a group that begins at member `first`. */
  settle(first: number, reply: Extract<AppendReply, { kind: 'appended' }>, count: number): GroupOutcome {
    for (const { index, shardlet, seq } of reply.duplicates) {
      this.intakes[first + index]!.duplicate(this.indices[first + index]!, shardlet, seq);
    }
    for (const index of reply.expired) this.intakes[first + index]!.expired(this.indices[first + index]!);
    let stored = 0;
    let storedBytes = 0;
    for (let member = first; member < first + count; member++) {
      const intake = this.intakes[member]!;
      const i = this.indices[member]!;
      if (intake.status[i] !== PENDING) continue;
      storedBytes += FRAME_HEADER_BYTES + intake.payloadLength(i);
      intake.stored(i, reply.firstSeq + stored, reply.firstTs + stored);
      stored++;
    }
    invariant(stored === reply.stored, `the host stored ${reply.stored} events of a group, not ${stored}`);
    return { stored, storedBytes, duplicates: reply.duplicates.length, expired: reply.expired.length };
  }

  /** The members [first, first + count) as runs again, in order. */
  runs(first: number, count: number): Run[] {
    const runs: Run[] = [];
    for (let from = first; from < first + count; ) {
      const intake = this.intakes[from]!;
      let to = from;
      while (to < first + count && this.intakes[to] === intake) to++;
      runs.push(runOf(intake, this.indices.slice(from, to)));
      from = to;
    }
    return runs;
  }

  allRuns(): Run[] {
    return this.runs(0, this.events);
  }
}
