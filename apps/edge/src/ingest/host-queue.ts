/**
 * Group commit: what waits for one host goes in one call, and while that call is on its way everything that
 * arrives makes up the next one; the host syncs its disk once for all of it. Nothing waits for a timer: a
 * call leaves at the end of the turn of the event loop in which its first event came. A second call is sent
 * before the first is answered, so that the host has work while the edge reads answers and requests. A
 * shardlet is in one call at a time, which keeps the order of every key without numbering requests.
 *
 * When the host does not answer, the outcome is unknown; a repeat is safe because the host knows the ids.
 * So the events of the call go back to the front, and are tried again until they are too old.
 */
import { type AppendReply, type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { type AppendCall, type CallLimits, CallPlan } from './append-call.ts';
import { CallSize } from './call-size.ts';
import type { Run } from './intake.ts';
import { runsOfLine, type ShardletLine, ShardletLines } from './shardlet-lines.ts';

export interface QueueOwner {
  nowMicros(): number;
  /** the events of this shardlet must wait behind others: keep them, do not send them */
  isHeld(shardlet: number): boolean;
  holdBehind(run: Run, shardlet: number): void;
  answered(hostId: number, call: AppendCall, replies: readonly AppendReply[]): void;
  /** what should still be sent; the rest was too old and is refused */
  unreachable(hostId: number, runs: readonly Run[], error: HostUnreachable): Run[];
  failed(runs: readonly Run[], error: unknown): void;
  callTook(hostId: number, micros: number, call: AppendCall): void;
}

const CALLS_IN_FLIGHT_MAX = 2;
const RETRY_MS_MIN = 10;
const RETRY_MS_MAX = 500;

export class HostQueue {
  readonly hostId: number;
  private readonly connect: () => Promise<EventHost>;
  private readonly owner: QueueOwner;
  private readonly limits: CallLimits;
  private readonly size: CallSize;
  private readonly lines = new ShardletLines();
  private inFlight = 0;
  private scheduled = false;
  private retryMs = 0;
  private retryTimer: NodeJS.Timeout | undefined;
  private failingSinceMicros: number | undefined;

  constructor(hostId: number, connect: () => Promise<EventHost>, owner: QueueOwner, limits: CallLimits) {
    this.hostId = hostId;
    this.connect = connect;
    this.owner = owner;
    this.limits = limits;
    this.size = new CallSize(limits);
  }

  push(run: Run): void {
    this.lines.push(run);
    this.schedule();
  }

  /** For events that were on their way before those that wait here. */
  pushFront(runs: readonly Run[]): void {
    if (runs.length === 0) return;
    this.lines.pushFront(runs);
    this.schedule();
  }

  /** How long the host has not answered; 0 while it does. */
  failingForMicros(nowMicros: number): number {
    return this.failingSinceMicros === undefined ? 0 : nowMicros - this.failingSinceMicros;
  }

  /** The host is known to answer again, or its place in the map has changed: try at once. */
  wake(): void {
    this.failingSinceMicros = undefined;
    if (this.retryTimer === undefined) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.schedule();
  }

  private schedule(): void {
    if (!this.maySend || this.scheduled || this.lines.isEmpty) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.sendNext();
    });
  }

  private get maySend(): boolean {
    return this.inFlight < CALLS_IN_FLIGHT_MAX && this.retryTimer === undefined;
  }

  private sendNext(): void {
    while (this.maySend) {
      const call = this.takeCall();
      if (call === undefined) return;
      void this.send(call);
    }
  }

  private async send(call: AppendCall): Promise<void> {
    const shardlets = call.groups.map((group) => group.shardlet);
    this.inFlight++;
    this.lines.depart(shardlets);
    const startedMicros = performance.now() * 1_000;
    try {
      const replies = await (await this.connected()).append(call.groups);
      const micros = performance.now() * 1_000 - startedMicros;
      this.size.answered(call.events, micros);
      this.owner.callTook(this.hostId, micros, call);
      this.failingSinceMicros = undefined;
      this.retryMs = 0;
      this.inFlight--;
      this.lines.arrived(shardlets);
      this.settle(call, replies);
    } catch (error) {
      this.inFlight--;
      this.lines.arrived(shardlets);
      if (error instanceof HostUnreachable) this.retryLater(call, error);
      else this.fail(call, error);
    }
    this.schedule();
  }

  /**
   * The host has its next call before the edge tells what became of this one, so neither waits for the
   * other; but a refusal may concern what waits here, so it is looked at first.
   */
  private settle(call: AppendCall, replies: readonly AppendReply[]): void {
    if (!replies.every((reply) => reply.kind === 'appended')) {
      this.owner.answered(this.hostId, call, replies);
      return;
    }
    this.sendNext();
    setImmediate(() => {
      try {
        this.owner.answered(this.hostId, call, replies);
      } catch (error) {
        this.fail(call, error);
      }
    });
  }

  private fail(call: AppendCall, error: unknown): void {
    this.owner.failed(call.allRuns(), error);
  }

  /** A host that cannot even be connected to is away, whatever the reason: others may mend it. */
  private async connected(): Promise<EventHost> {
    try {
      return await this.connect();
    } catch (error) {
      if (error instanceof HostUnreachable) throw error;
      throw new HostUnreachable('connection', (error as Error).message, { cause: error });
    }
  }

  private retryLater(call: AppendCall, error: HostUnreachable): void {
    this.failingSinceMicros ??= this.owner.nowMicros();
    if (error.reason === 'timeout') this.size.unanswered(call.events);
    this.armRetry();
    this.lines.pushFront(call.allRuns());
    for (const run of this.owner.unreachable(this.hostId, this.lines.drain(), error)) this.lines.push(run);
  }

  /** One wait for all calls that failed together. */
  private armRetry(): void {
    if (this.retryTimer !== undefined) return;
    this.retryMs = Math.min(RETRY_MS_MAX, Math.max(RETRY_MS_MIN, this.retryMs * 2));
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.schedule();
    }, this.retryMs);
  }

  private takeCall(): AppendCall | undefined {
    const plan = new CallPlan({ ...this.limits, eventsMax: this.size.eventsMax });
    for (let line = this.lines.first(); line !== undefined && !plan.isFull; line = this.lines.first()) {
      if (this.owner.isHeld(line.shardlet)) this.holdLine(line);
      else {
        const taken = plan.addGroup(line);
        if (taken === 0) break;
        this.lines.take(line, taken);
      }
    }
    return plan.events === 0 ? undefined : plan.build(this.owner.nowMicros());
  }

  private holdLine(line: ShardletLine): void {
    this.lines.take(line, line.indices.length);
    for (const run of runsOfLine(line)) this.owner.holdBehind(run, line.shardlet);
  }
}
