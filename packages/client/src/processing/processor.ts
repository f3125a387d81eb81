/**
 * A member of a consumer group that keeps state by key: it counts, joins or detects. The state is in memory, shardlet by
 * shardlet; checkpoints of it, and what follows them in the log, bring it back wherever the shardlet goes.
 */
import type { ConsumedBatch } from '../consuming/consumed.ts';
import type { RunOptions } from '../consuming/consumer.ts';
import { type CheckpointSettings, GroupCalls } from '../consuming/group-calls.ts';
import type { Handle } from '../consuming/handling.ts';
import type { Seated } from '../consuming/keeper.ts';
import { Membership } from '../consuming/membership.ts';
import { createdGroup } from '../consuming/new-group.ts';
import { type Pace, type Pacing, paceOf } from '../consuming/pace.ts';
import type { Edges } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import { randomId, type StoredEvent } from '../events.ts';
import { type Page, pageOf } from '../reading/pages.ts';
import { CheckpointCalls } from './checkpoint-calls.ts';
import { contextOf, handleWithState, type ProcessorHandler } from './handling-with-state.ts';
import { type ProcessorNotice, recoveredNotices } from './notices.ts';
import type { Merge, Migrate, RecoverySettings } from './recovery.ts';
import type { ShardletState } from './shardlet-state.ts';
import { StateKeeper } from './state-keeper.ts';
import { type ProcessorStats, Tally } from './stats.ts';

export interface ProcessorOptions<S> extends Pacing {
  readonly group: string;
  /** of a group that is new: it is created; without it the group has to be there */
  readonly stream?: string | undefined;
  /** where a new group begins; `oldest` */
  readonly from?: 'oldest' | 'now' | undefined;
  /** of a new group: a member without a sign of life for so long loses its shardlets; 10 s */
  readonly sessionMs?: number | undefined;
  /** unlike that of any other member; a random one */
  readonly member?: string | undefined;
  /** of a new group: when checkpoints are due, and which are kept */
  readonly checkpoints?: CheckpointSettings | undefined;
  /** of the handler: another one when states of the one before do not fit it any more; `1` */
  readonly version?: string | undefined;
  /** makes states of this version from those of another one; without it the state is computed from the log again */
  readonly migrate?: Migrate<S> | undefined;
  /** makes one state of two of one key: needed on streams that split keys */
  readonly merge?: Merge<S> | undefined;
  /** what happens when events of the state are past their retention; `fail`. `continue`: they are missing in it. */
  readonly onStateLost?: 'fail' | 'continue' | undefined;
  /** a checkpoint of what has changed at least so often, also when no edge asks for one; 5 min */
  readonly intervalMs?: number | undefined;
  /** how long a last checkpoint may take before the shardlet goes without it, and the processor ends; 30 s */
  readonly letGoMs?: number | undefined;
  readonly onNotice?: ((notice: ProcessorNotice) => void) | undefined;
}

export interface HistoryOptions {
  /** 1 to 10,000; 1,000 */
  readonly limit?: number | undefined;
  /** `next` of the page before, or a time (RFC 3339); the oldest event when left out */
  readonly from?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const INTERVAL_MS = 300_000;
const LET_GO_MS = 30_000;

export class Processor<S = unknown> {
  readonly group: string;
  readonly member: string;
  private readonly edges: Edges;
  private readonly options: ProcessorOptions<S>;
  private readonly tally = new Tally();
  private keeper: StateKeeper | undefined;
  private membership: Membership | undefined;
  private ended: Promise<void> | undefined;
  private paused = false;
  private stream: string | undefined;
  private readonly closing = new AbortController();

  constructor(edges: Edges, options: ProcessorOptions<S>) {
    this.edges = edges;
    this.options = options;
    this.group = options.group;
    this.member = options.member ?? `client-${randomId()}`;
  }

  /**
   * Calls `handle` with each event and the state of its key, one after the other in each shardlet. Resolves when the
   * processor has left the group. @throws what `handle` threw, what the edge refused for good
   */
  run(handler: ProcessorHandler<S>, options: RunOptions = {}): Promise<void> {
    if (this.ended !== undefined || this.closing.signal.aborted)
      return Promise.reject(new ForeshardError('closed', 'a processor is used once: make another one'));
    this.ended = this.process(handler, options);
    return this.ended;
  }

  /** The state of a key, where this member has its shardlet: a copy. */
  get(key: string): S | undefined {
    for (const { state } of this.keeper?.shardlets ?? []) {
      const text = state?.get(key);
      if (text !== undefined) return JSON.parse(text);
    }
    return undefined;
  }

  /**
   * The events of a key of the stream that this group reads, oldest first: a page. `cache` says whether the edge had them. The token needs
   * `events:read`. @throws ForeshardError
   */
  history(key: string, options: HistoryOptions = {}): Promise<Page> {
    return pageOf(this.edges, { ...options, stream: this.stream ?? this.options.stream, key });
  }

  /** All states that this member has, as copies, in no order. */
  *entries(): IterableIterator<[key: string, state: S]> {
    for (const { state } of this.keeper?.shardlets ?? [])
      for (const [key, text] of state?.entries() ?? []) yield [key, JSON.parse(text)];
  }

  stats(): ProcessorStats {
    return this.tally.stats(this.keeper?.shardlets ?? []);
  }

  /** No handler is called from now on; the member keeps what it has. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.membership?.wake();
  }

  /** Handlers finish, what is processed is committed and saved, and other members get the shardlets at once. */
  async close(): Promise<void> {
    this.closing.abort();
    this.membership?.stop();
    await this.ended?.catch(() => {});
  }

  private async process(handler: ProcessorHandler<S>, options: RunOptions): Promise<void> {
    const { signal } = options;
    const pace = paceOf(this.options, options.eventsMax);
    if (signal?.aborted === true) return;
    const onAbort = (): void => void this.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const calls = new GroupCalls(this.edges, this.group, this.member);
      const onWaiting = (error: ForeshardError): void =>
        this.notice({ kind: 'waiting', group: this.group, error });
      const creation = { edges: this.edges, calls, signal: this.closing.signal, onWaiting };
      if (!(await createdGroup(creation, { ...this.options, checkpoints: this.checkpoints() }))) return;
      if (this.closing.signal.aborted) return;
      this.membership = this.joined(calls, handler, pace);
      await this.membership.run();
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private joined(calls: GroupCalls, handler: ProcessorHandler<S>, pace: Pace): Membership {
    const { edges, options } = this;
    const membership: Membership = new Membership({
      ...{ edges, calls, stream: options.stream, pace },
      handle: (batch, parts) => this.handle(handler, batch, parts, membership.stoppingSignal),
      onNotice: (notice) => this.notice(notice),
      isPaused: () => this.paused,
      keeper: (seated) => {
        this.keeper = this.keeping(seated, calls, handler);
        return this.keeper;
      },
    });
    return membership;
  }

  private keeping(seated: Seated, calls: GroupCalls, handler: ProcessorHandler<S>): StateKeeper {
    const { edges, group, options } = this;
    return new StateKeeper({
      ...{ seated, settings: this.settings() },
      calls: new CheckpointCalls(edges, calls, seated.onWaiting),
      intervalMs: options.intervalMs ?? INTERVAL_MS,
      letGoMs: options.letGoMs ?? LET_GO_MS,
      replay: (events, state, signal) => this.replay(handler, events, state, signal),
      onRecovered: (shardlet, recovered) => {
        for (const notice of recoveredNotices({ group, shardlet }, recovered)) this.notice(notice);
      },
      onSaved: (saved) => this.notice({ kind: 'checkpointed', group, ...saved }),
      onSaveFailed: (shardlet, reason, error) =>
        this.notice({ kind: 'checkpoint-failed', group, shardlet, reason, error }),
    });
  }

  private async handle(
    handler: ProcessorHandler<S>,
    batch: ConsumedBatch,
    { signal, processed }: Parameters<Handle>[1],
    stopping: AbortSignal,
  ): Promise<void> {
    const state = this.keeper!.state(batch.shardlet)!;
    const context = contextOf(false, signal, this.member);
    for (const event of batch.events) {
      this.stream = event.stream;
      if (signal.aborted || stopping.aborted) return;
      // restored with it: another process under the name of this member has committed it meanwhile
      if (event.seq <= state.seq) continue;
      const position = { seq: event.seq, epoch: batch.epoch };
      if (!(await handleWithState(handler, event, state, context, position))) return;
      processed(event.seq);
    }
    processed(batch.through);
  }

  private async replay(
    handler: ProcessorHandler<S>,
    events: readonly StoredEvent[],
    state: ShardletState,
    signal: AbortSignal,
  ): Promise<void> {
    const context = contextOf(true, signal, this.member);
    for (const event of events) {
      this.stream = event.stream;
      signal.throwIfAborted();
      // its position is that of the plan, when all is replayed
      await handleWithState(handler, event, state, context, state);
    }
  }

  private settings(): RecoverySettings {
    const { version = '1', migrate, merge, onStateLost = 'fail' } = this.options;
    return { version, onStateLost, migrate, merge: merge as Merge<unknown> | undefined };
  }

  private checkpoints(): CheckpointSettings {
    const { checkpoints = {}, merge } = this.options;
    return merge === undefined ? checkpoints : { merges: true, ...checkpoints };
  }

  private notice(notice: ProcessorNotice): void {
    this.tally.note(notice);
    this.options.onNotice?.(notice);
  }
}
