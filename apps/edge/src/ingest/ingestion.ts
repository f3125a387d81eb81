/**
 * The way of an event from an Intake to its host: the route table says which shardlet and host, the host's
 * queue carries it there, the reply settles it. What cannot be stored just now is held in order and tried
 * again (the map is old, the shardlet is being moved, the host is away), up to the limit, and then refused
 * with a cause; a refusal never leaves half an event behind, because a host stores an event or it does not.
 */
import {
  type AppendReply,
  EDGE_CLOCK_TOLERANCE_MICROS,
  type EventHost,
  type HostUnreachable,
  type Stale,
} from '@foreshard/core/hosts';
import { type Clock, MICROS_PER_MS, MICROS_PER_SECOND } from '@foreshard/core/kernel';
import { HoldBuffer, type HoldLimits, type RouteTable } from '@foreshard/core/routing';
import { isLeaf } from '@foreshard/core/topology';
import { retryAfterAway } from '../hosts/absences.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import type { AppendCall, CallLimits } from './append-call.ts';
import { HostQueue, type QueueOwner } from './host-queue.ts';
import { type EventProblem, type Intake, PENDING, type Run, runOf } from './intake.ts';

export interface IngestionLimits {
  readonly hold: HoldLimits;
  readonly call: CallLimits;
}

/** What the edge tells about its work; the ingestion itself knows no metric and no log. */
export interface IngestionObserver {
  stored(stream: string, shardlet: number, events: number, bytes: number): void;
  duplicates(stream: string, events: number): void;
  refused(stream: string, shardlet: number, code: EventProblem['code'], events: number): void;
  /** the last event of a group of which something was stored */
  acknowledged(hostId: number, shardlet: number, epoch: number, seq: number, ts: number): void;
  called(hostId: number, micros: number, events: number): void;
  unreachable(hostId: number, error: HostUnreachable): void;
  fault(error: unknown): void;
}

export interface IngestionParts {
  readonly map: EdgeMap;
  readonly hosts: { get(hostId: number): Promise<EventHost> };
  /** hosts whose memory is too full for appends */
  readonly isFull: (hostId: number) => boolean;
  /** takes the place of one event; `false` when the host has had its share of this stream; absent: it has no limit */
  readonly takesShare?: (stream: string, hostId: number) => boolean;
  readonly clock: Clock;
  readonly limits: IngestionLimits;
  readonly observer: IngestionObserver;
}

const HELD: EventProblem = {
  code: 'overloaded',
  detail: 'too many events wait for shardlets that are being moved or opened',
};
const WAITED: EventProblem = {
  code: 'overloaded',
  detail: 'the shardlet was being moved or opened for longer than the edge may hold an event',
};
const AWAY: EventProblem = { code: 'host_unreachable', detail: 'the host of this shardlet does not answer' };
const FULL: EventProblem = {
  code: 'host_full',
  detail: 'the host of this shardlet has no memory left for appends',
};
const SHARE_TAKEN: EventProblem = {
  code: 'quota_exceeded',
  detail: 'the host of this shardlet has had its share of events of this stream in this second',
};
const MANY_IDS: EventProblem = {
  code: 'too_many_ids',
  detail: 'the shardlet holds as many ids as its deduplication may keep',
};
const UNKNOWN_STREAM: EventProblem = { code: 'unknown_stream', detail: 'the stream was deleted meanwhile' };
const FAULT: EventProblem = {
  code: 'internal',
  detail: 'the edge could not store the event because of a fault',
};

/** From the commit of a move to the opening is one call of a worker, however long the cutover took before. */
const OPENS_SOON_MICROS = 5_000;

/** Replies of a host that end an event's way. */
const REFUSALS = { full: FULL, tooManyIds: MANY_IDS, outside: FAULT } as const;

export class Ingestion implements QueueOwner {
  private readonly parts: IngestionParts;
  private readonly held: HoldBuffer<Run>;
  private readonly queues = new Map<number, HostQueue>();
  private holdTimer: NodeJS.Timeout | undefined;

  constructor(parts: IngestionParts) {
    this.parts = parts;
    this.held = new HoldBuffer(parts.limits.hold);
    parts.map.onChange((change) => {
      for (const host of change.hosts) this.queues.get(host.id)?.wake();
      this.releaseHeld();
    });
  }

  get heldEvents(): number {
    return this.held.events;
  }

  nowMicros(): number {
    return this.parts.clock.nowMicros();
  }

  /** Sends the events that are not refused yet; the intake settles when the last of them has its outcome. */
  submit(intake: Intake): void {
    // a host takes a token that is a tolerance ahead of its clock
    const waitMicros = intake.tokenTs - this.nowMicros() - EDGE_CLOCK_TOLERANCE_MICROS;
    if (waitMicros <= 0) this.send(intake);
    else if (waitMicros > this.parts.limits.hold.waitMicrosMax)
      this.refusePending(intake, aheadOf(waitMicros, intake.tokenTs - this.nowMicros()));
    // waiting here, alone, keeps a token from the future from delaying others in the same group
    else setTimeout(() => this.send(intake), Math.ceil(waitMicros / MICROS_PER_MS));
  }

  hostAnswers(hostId: number): void {
    this.queues.get(hostId)?.wake();
  }

  private send(intake: Intake): void {
    const indices: number[] = [];
    for (let i = 0; i < intake.count; i++) if (intake.status[i] === PENDING) indices.push(i);
    for (const [owner, run] of this.route(intake, indices)) this.queue(owner).push(run);
  }

  /** Gives each event its place in the map of now, and answers what may be sent, by host. */
  private route(intake: Intake, indices: readonly number[]): Map<number, Run> {
    const byOwner = new Map<number, number[]>();
    const { topology } = this.parts.map;
    if (topology.stream(intake.stream.id) === undefined) {
      for (const i of indices) this.refuse(intake, i, UNKNOWN_STREAM);
      return new Map();
    }
    const table = this.parts.map.routeTable(intake.stream.id);
    for (const i of indices) {
      const owner = this.place(intake, i, table);
      if (owner === undefined) continue;
      const ofOwner = byOwner.get(owner);
      if (ofOwner === undefined) byOwner.set(owner, [i]);
      else ofOwner.push(i);
    }
    return new Map([...byOwner].map(([owner, ofOwner]) => [owner, runOf(intake, ofOwner)]));
  }

  /** The host to send it to; `undefined` when the event is held or refused. */
  private place(intake: Intake, i: number, table: RouteTable): number | undefined {
    const slot = table.find(intake.keyHash[i]!, intake.positionLow(i));
    const shardlet = table.shardletAt(slot);
    const owner = table.ownerAt(slot);
    intake.shardlet[i] = shardlet;
    intake.epoch[i] = table.epochAt(slot);
    intake.shard[i] = table.shardAt(slot);
    if (this.isHeld(shardlet)) this.holdBehind(runOf(intake, [i]), shardlet);
    else if (this.parts.isFull(owner)) this.refuse(intake, i, FULL);
    else if (this.parts.takesShare?.(intake.stream.name, owner) === false)
      this.refuse(intake, i, SHARE_TAKEN);
    else if (this.isAway(owner)) this.refuse(intake, i, this.away(owner));
    else return owner;
    return undefined;
  }

  private isAway(hostId: number): boolean {
    const queue = this.queues.get(hostId);
    return (
      queue !== undefined && queue.failingForMicros(this.nowMicros()) > this.parts.limits.hold.waitMicrosMax
    );
  }

  private away(hostId: number): EventProblem {
    const awayMicros = this.queues.get(hostId)?.failingForMicros(this.nowMicros()) ?? 0;
    return { ...AWAY, retryAfterSeconds: retryAfterAway(awayMicros) };
  }

  private queue(hostId: number): HostQueue {
    let queue = this.queues.get(hostId);
    if (queue === undefined) {
      queue = new HostQueue(hostId, () => this.parts.hosts.get(hostId), this, this.parts.limits.call);
      this.queues.set(hostId, queue);
    }
    return queue;
  }

  // What a host's queue asks and tells

  isHeld(shardlet: number): boolean {
    return !this.held.isEmpty && this.held.holds(shardlet);
  }

  holdBehind(run: Run, shardlet: number): void {
    this.hold(run, shardlet, 0, undefined);
  }

  answered(hostId: number, call: AppendCall, replies: readonly AppendReply[]): void {
    let first = 0;
    for (const [g, group] of call.groups.entries()) {
      this.settleGroup(hostId, call, g, first, replies[g]!);
      first += group.count;
    }
  }

  unreachable(hostId: number, runs: readonly Run[], error: HostUnreachable): Run[] {
    this.parts.observer.unreachable(hostId, error);
    const oldest = this.nowMicros() - this.parts.limits.hold.waitMicrosMax;
    const away = this.away(hostId);
    const stay: Run[] = [];
    for (const run of runs) {
      if (run.sinceMicros > oldest) stay.push(run);
      else this.refuseRun(run, { ...away, detail: `${AWAY.detail} (${error.reason})` });
    }
    return stay;
  }

  failed(runs: readonly Run[], error: unknown): void {
    this.parts.observer.fault(error);
    for (const run of runs) this.refuseRun(run, FAULT);
  }

  callTook(hostId: number, micros: number, call: AppendCall): void {
    this.parts.observer.called(hostId, micros, call.events);
  }

  private settleGroup(hostId: number, call: AppendCall, g: number, first: number, reply: AppendReply): void {
    const { shardlet, epoch, count } = call.groups[g]!;
    if (reply.kind === 'appended') {
      const { stored, firstSeq, firstTs } = reply;
      const last = stored - 1;
      if (stored > 0)
        this.parts.observer.acknowledged(hostId, shardlet, epoch, firstSeq + last, firstTs + last);
      this.count(call, g, first, reply);
      return;
    }
    const runs = call.runs(first, count);
    if (reply.kind === 'stale') {
      void this.parts.map.refresh();
      this.holdRuns(runs, shardlet, epoch, opensSoon(reply, epoch) ? OPENS_SOON_MICROS : undefined);
    } else if (reply.kind === 'ahead') this.holdRuns(runs, shardlet, epoch, reply.aheadMicros);
    else {
      if (reply.kind === 'outside') this.parts.observer.fault(outsideFault(shardlet, reply.index));
      this.refuseRuns(runs, REFUSALS[reply.kind]);
    }
  }

  private count(
    call: AppendCall,
    g: number,
    first: number,
    reply: Extract<AppendReply, { kind: 'appended' }>,
  ): void {
    const { shardlet, count } = call.groups[g]!;
    const stream = call.streamAt(first);
    const outcome = call.settle(first, reply, count);
    const { observer } = this.parts;
    if (outcome.stored > 0) observer.stored(stream, shardlet, outcome.stored, outcome.storedBytes);
    if (outcome.duplicates > 0) observer.duplicates(stream, outcome.duplicates);
    if (outcome.expired > 0) observer.refused(stream, shardlet, 'event_expired', outcome.expired);
  }

  // Waiting

  private holdRuns(
    runs: readonly Run[],
    shardlet: number,
    epoch: number,
    waitMicros: number | undefined,
  ): void {
    for (const run of runs) this.hold(run, shardlet, epoch, waitMicros);
  }

  private hold(run: Run, shardlet: number, epoch: number, waitMicros: number | undefined): void {
    const taken = this.held.hold(shardlet, epoch, run, this.nowMicros(), waitMicros);
    if (taken) this.armHoldTimer();
    else this.refuseRun(run, HELD);
  }

  private armHoldTimer(): void {
    if (this.holdTimer !== undefined) return;
    const wakeAt = this.held.wakeAtMicros();
    if (wakeAt === undefined) return;
    const ms = Math.max(1, Math.ceil((wakeAt - this.nowMicros()) / MICROS_PER_MS));
    this.holdTimer = setTimeout(() => {
      this.holdTimer = undefined;
      void this.parts.map.refresh();
      this.releaseHeld();
    }, ms);
  }

  private releaseHeld(): void {
    if (this.held.isEmpty) return;
    const now = this.nowMicros();
    this.refuseRuns(this.held.giveUp(now), WAITED);
    const { topology } = this.parts.map;
    const epochNow = (id: number): number | undefined => {
      const shardlet = topology.shardlet(id);
      return shardlet !== undefined && isLeaf(shardlet) ? shardlet.epoch : undefined;
    };
    this.sendFirst(this.held.release(now, epochNow));
    this.armHoldTimer();
  }

  /** Released events go ahead of those that came after them. */
  private sendFirst(runs: readonly Run[]): void {
    const byOwner = new Map<number, Run[]>();
    for (const { intake, indices } of runs) {
      for (const [owner, run] of this.route(intake, indices)) {
        byOwner.set(owner, [...(byOwner.get(owner) ?? []), run]);
      }
    }
    for (const [owner, ofOwner] of byOwner) this.queue(owner).pushFront(ofOwner);
  }

  // Refusing

  private refusePending(intake: Intake, problem: EventProblem): void {
    for (let i = 0; i < intake.count; i++) if (intake.status[i] === PENDING) this.refuse(intake, i, problem);
  }

  private refuseRuns(runs: readonly Run[], problem: EventProblem): void {
    for (const run of runs) this.refuseRun(run, problem);
  }

  private refuseRun({ intake, indices }: Run, problem: EventProblem): void {
    for (const i of indices) if (intake.status[i] === PENDING) this.refuse(intake, i, problem);
  }

  private refuse(intake: Intake, i: number, problem: EventProblem): void {
    this.parts.observer.refused(intake.stream.name, intake.shardlet[i]!, problem.code, 1);
    intake.refuse(i, problem);
  }
}

/** A move was committed and its copy, which the edge already knows of, is not open yet. */
function opensSoon({ epoch, mode }: Stale, asked: number): boolean {
  return mode === 'ready' && epoch === asked;
}

function outsideFault(shardlet: number, index: number): Error {
  return new Error(`event ${index} of a group lies outside shardlet ${shardlet}: the route table is wrong`);
}

function aheadOf(waitMicros: number, aheadMicros: number): EventProblem {
  const seconds = (waitMicros / MICROS_PER_SECOND).toFixed(1);
  return {
    code: 'overloaded',
    detail: `the token lies further ahead of the clock than allowed, by ${seconds} s`,
    // then it is a second too late rather than too early again
    retryAfterSeconds: Math.ceil(aheadMicros / MICROS_PER_SECOND),
  };
}
