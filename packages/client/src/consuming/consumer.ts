/** A member of a consumer group: it gets events of its shardlets in order and commits them when they are processed. */
import type { Edges } from '../edge/edges.ts';
import { ForeshardError, isForeshardError } from '../edge/errors.ts';
import { sleep } from '../edge/waiting.ts';
import { randomId } from '../events.ts';
import { GroupCalls } from './group-calls.ts';
import {
  type BatchHandler,
  type DeadLetters,
  type EventHandler,
  type Handle,
  type Handling,
  handleBatches,
  handleEvents,
} from './handling.ts';
import { Membership } from './membership.ts';
import { createdGroup } from './new-group.ts';
import type { Notice } from './notices.ts';
import { type Pace, type Pacing, paceOf } from './pace.ts';
import { redriveGroupOf, redriving } from './redriven.ts';

export interface ConsumerOptions extends Pacing {
  readonly group: string;
  /** of a group that is new: it is created; without it the group has to be there */
  readonly stream?: string | undefined;
  /** where a new group begins; `oldest` */
  readonly from?: 'oldest' | 'now' | undefined;
  /** of a new group: a member without a sign of life for so long loses its shardlets; 10 s */
  readonly sessionMs?: number | undefined;
  /**
   * of a new group: with `log` this member gets the events of all its shardlets merged by time, and handles them one after the
   * other whatever `concurrency` is; `key`
   */
  readonly order?: 'key' | 'log' | undefined;
  /** unlike that of any other member; a random one */
  readonly member?: string | undefined;
  /** What happens to an event whose handler fails. Without it the consumer ends with the error. */
  readonly deadLetters?: DeadLetters | undefined;
  /** how often it looks whether something was re-driven for the first time, with `deadLetters`; 10 s */
  readonly redriveEveryMs?: number | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

export interface RunOptions {
  /** ends it in order, as `close` does */
  readonly signal?: AbortSignal | undefined;
  /** ends it after so many events; 1 at least */
  readonly eventsMax?: number | undefined;
}

const REDRIVE_EVERY_MS = 10_000;

export class Consumer {
  readonly group: string;
  readonly member: string;
  private readonly edges: Edges;
  private readonly options: ConsumerOptions;
  private memberships: readonly Membership[] = [];
  private ended: Promise<void> | undefined;
  private paused = false;
  private readonly closing = new AbortController();

  constructor(edges: Edges, options: ConsumerOptions) {
    this.edges = edges;
    this.options = options;
    this.group = options.group;
    this.member = options.member ?? `client-${randomId()}`;
  }

  /** Calls `handler` with each event, one after the other in each shardlet. Resolves when the consumer has left the group. */
  eachEvent(handler: EventHandler, options: RunOptions = {}): Promise<void> {
    return this.run((handling) => handleEvents(handler, handling), options);
  }

  /** The same with several events of one shardlet, and what a sink needs to do each once. */
  eachBatch(handler: BatchHandler, options: RunOptions = {}): Promise<void> {
    return this.run((handling) => handleBatches(handler, handling), options);
  }

  /** No handler is called from now on; the member keeps what it has. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    for (const membership of this.memberships) membership.wake();
  }

  /** Handlers finish, what is processed is committed, and other members get the shardlets at once. */
  async close(): Promise<void> {
    this.end();
    await this.ended?.catch(() => {});
  }

  private end(): void {
    this.closing.abort();
    for (const membership of this.memberships) membership.stop();
  }

  private run(handleOf: (handling: Handling) => Handle, options: RunOptions): Promise<void> {
    if (this.ended !== undefined || this.closing.signal.aborted)
      return Promise.reject(new ForeshardError('closed', 'a consumer is used once: make another one'));
    this.ended = this.consume(handleOf, options);
    return this.ended;
  }

  private async consume(handleOf: (handling: Handling) => Handle, options: RunOptions): Promise<void> {
    const { signal } = options;
    const pace = paceOf(this.options, options.eventsMax);
    const calls = new GroupCalls(this.edges, this.group, this.member);
    const onAbort = (): void => void this.close();
    if (signal?.aborted === true) return;
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const { onNotice } = this.options;
      const onWaiting = (error: ForeshardError): void =>
        onNotice?.({ kind: 'waiting', group: this.group, error });
      const creation = { edges: this.edges, calls, signal: this.closing.signal, onWaiting };
      if (!(await createdGroup(creation, this.options))) return;
      // it was closed before there was anything to stop
      if (this.closing.signal.aborted) return;
      const membership = this.membership(calls, handleOf, pace);
      this.memberships = [membership];
      const running = [membership.run()];
      if (this.options.deadLetters !== undefined) running.push(this.redrive(handleOf));
      const all = await Promise.allSettled(running.map((one) => this.together(one)));
      const failed = all.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The end of one is the end of the other. */
  private async together(running: Promise<void>): Promise<void> {
    try {
      await running;
    } finally {
      this.end();
    }
  }

  /** The group that reads what is re-driven is there from the first redrive on. */
  private async redrive(handleOf: (handling: Handling) => Handle): Promise<void> {
    const { signal } = this.closing;
    const [main] = this.memberships;
    while (!signal.aborted) {
      const calls = new GroupCalls(this.edges, redriveGroupOf(this.group), this.member);
      const handle = (handling: Handling): Handle => redriving(handleOf(handling));
      const membership = this.membership(calls, handle, paceOf(this.options));
      this.memberships = [main!, membership];
      await membership.run().catch((error: unknown) => {
        if (!isForeshardError(error, 'unknown_group')) throw error;
      });
      await sleep(this.options.redriveEveryMs ?? REDRIVE_EVERY_MS, signal).catch(() => {});
    }
  }

  private membership(calls: GroupCalls, handleOf: (handling: Handling) => Handle, pace: Pace): Membership {
    const { deadLetters, onNotice } = this.options;
    const handle: Handle = (batch, parts) => handling(batch, parts);
    const membership = new Membership({
      ...{ edges: this.edges, calls, handle, stream: this.options.stream, pace },
      onNotice: (notice) => onNotice?.(notice),
      isPaused: () => this.paused,
    });
    const handling = handleOf({
      ...{ member: this.member, deadLetters, stopping: membership.stoppingSignal },
      bury: (batch, event, attempts, error) => membership.bury(batch, event, attempts, error),
    });
    return membership;
  }
}
