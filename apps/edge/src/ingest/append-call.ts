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
import { type Intake, PENDING, type Run, runsOf } from './intake.ts';
import type { ShardletLine } from './shardlet-lines.ts';

export interface CallLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
  /** a group costs the host as much as several events */
  readonly groupsMax: number;
  /** longest that a call should take, well below what a host is waited for */
  readonly microsMax: number;
}

interface GroupPlan {
  readonly shardlet: number;
  epoch: number;
  tokenTs: number;
  count: number;
  hasIdTimes: boolean;
}

/** Collects what goes into the next call. */
export class CallPlan {
  private readonly limits: CallLimits;
  private readonly intakes: Intake[] = [];
  private readonly indices: number[] = [];
  private readonly groups: GroupPlan[] = [];
  private bytes = 0;

  constructor(limits: CallLimits) {
    this.limits = limits;
  }

  get events(): number {
    return this.indices.length;
  }

  get isFull(): boolean {
    const { eventsMax, groupsMax, bytesMax } = this.limits;
    return this.events >= eventsMax || this.groups.length >= groupsMax || this.bytes >= bytesMax;
  }

  /** Takes a group from the front of what waits for its shardlet; answers how many events had room. */
  addGroup({ shardlet, intakes, indices }: ShardletLine): number {
    const group: GroupPlan = { shardlet, epoch: 0, tokenTs: 0, count: 0, hasIdTimes: false };
    for (let k = 0; k < indices.length && this.add(group, intakes[k]!, indices[k]!); k++) group.count++;
    if (group.count > 0) this.groups.push(group);
    return group.count;
  }

  /** REQUIRES at least one event. */
  build(nowMicros: number): AppendCall {
    const frames = Buffer.allocUnsafe(this.bytes);
    let member = 0;
    let byte = 0;
    const groups = this.groups.map((plan) => {
      const [first, start] = [member, byte];
      for (const end = member + plan.count; member < end; member++)
        byte = frameOf(this.intakes[member]!, this.indices[member]!, frames, byte);
      return this.appendGroup(plan, first, frames.subarray(start, byte), nowMicros);
    });
    return new AppendCall(groups, this.intakes, this.indices, this.bytes);
  }

  private add(group: GroupPlan, intake: Intake, i: number): boolean {
    const bytes = FRAME_HEADER_BYTES + intake.payloadLength(i);
    if (this.events === this.limits.eventsMax) return false;
    if (this.events > 0 && this.bytes + bytes > this.limits.bytesMax) return false;
    // a higher epoch of the same shardlet is newer knowledge; a fence too high is refused, never wrong
    group.epoch = Math.max(group.epoch, intake.epoch[i]!);
    group.tokenTs = Math.max(group.tokenTs, intake.tokenTs);
    if (intake.idTime !== undefined && intake.idTime[i] !== 0) group.hasIdTimes = true;
    this.intakes.push(intake);
    this.indices.push(i);
    this.bytes += bytes;
    return true;
  }

  private appendGroup(plan: GroupPlan, first: number, frames: Buffer, nowMicros: number): AppendGroup {
    const { stream } = this.intakes[first]!;
    return {
      shardlet: plan.shardlet,
      epoch: plan.epoch,
      edgeTs: Math.max(nowMicros, plan.tokenTs + 1),
      tokenTs: plan.tokenTs,
      dedup: { windowMicros: stream.dedupWindowMs * MICROS_PER_MS, leadMicros: DEDUP_LEAD_MICROS },
      frames,
      count: plan.count,
      ...(plan.hasIdTimes ? { idTimes: this.idTimes(first, plan.count) } : {}),
    };
  }

  private idTimes(first: number, count: number): number[] {
    return Array.from({ length: count }, (_, k) => {
      const member = first + k;
      return this.intakes[member]!.idTime?.[this.indices[member]!] ?? 0;
    });
  }
}

const identity = new Uint32Array(4);

function frameOf(intake: Intake, i: number, frames: Buffer, at: number): number {
  intake.identity(i, identity);
  const { from, to } = intake.bounds;
  return writeFrame(frames, at, intake.keyHash[i]!, identity, intake.bytes, from[i]!, to[i]!);
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
    for (const known of reply.duplicates)
      this.intakes[first + known.index]!.duplicate(this.indices[first + known.index]!, known);
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
    return runsOf(this.intakes, this.indices, first, first + count);
  }

  allRuns(): Run[] {
    return this.runs(0, this.events);
  }
}
