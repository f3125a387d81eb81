/** How an event is handled with the state of its key: what a handler sets counts when it has returned, whole or not at all. */
import type { ConsumedEvent } from '../consuming/consumed.ts';
import { keyOf } from '../events.ts';
import { jsonText } from './json-text.ts';
import type { ShardletState } from './shardlet-state.ts';

/** The state of the key of the event that is handled: a JSON value. */
export interface KeyState<S> {
  readonly key: string;
  /** A copy: changing it changes nothing before `set`. */
  get(): S | undefined;
  /** @throws ForeshardError `invalid_state` for what is not JSON, or more than 1 MB of it */
  set(value: S): void;
  delete(): void;
}

export interface ProcessorContext {
  /** the event was processed before, and comes again because the state is older: change the state, and nothing else */
  readonly replaying: boolean;
  /** aborted when the shardlet goes to another member */
  readonly signal: AbortSignal;
  readonly member: string;
  /** Does it, unless the event is replayed: then the effect was there before. */
  effect<T>(run: () => T | Promise<T>): Promise<T | undefined>;
}

export interface ProcessorHandler<S> {
  handle(event: ConsumedEvent, state: KeyState<S>, context: ProcessorContext): unknown;
}

export function contextOf(replaying: boolean, signal: AbortSignal, member: string): ProcessorContext {
  return {
    ...{ replaying, signal, member },
    effect: async (run) => (replaying ? undefined : await run()),
  };
}

/**
 * Calls the handler, then changes the state, and its position with it: a snapshot may be taken whenever something is awaited,
 * and has every event up to its seq, and no other. False: the shardlet went to another member meanwhile, and nothing is changed.
 */
export async function handleWithState<S>(
  handler: ProcessorHandler<S>,
  event: ConsumedEvent,
  state: ShardletState,
  context: ProcessorContext,
  position: Pick<ShardletState, 'seq' | 'epoch'>,
): Promise<boolean> {
  const staged = new StagedKey<S>(keyOf(event.event), state);
  await handler.handle(event, staged, context);
  if (context.signal.aborted) return false;
  staged.apply();
  [state.seq, state.epoch] = [position.seq, position.epoch];
  return true;
}

class StagedKey<S> implements KeyState<S> {
  readonly key: string;
  private readonly state: ShardletState;
  private staged: { readonly text: string | undefined } | undefined;
  private isOver = false;

  constructor(key: string, state: ShardletState) {
    [this.key, this.state] = [key, state];
  }

  get(): S | undefined {
    const text = this.staged === undefined ? this.state.get(this.key) : this.staged.text;
    return text === undefined ? undefined : JSON.parse(text);
  }

  set(value: S): void {
    this.stage(jsonText(this.key, value));
  }

  delete(): void {
    this.stage(undefined);
  }

  apply(): void {
    this.isOver = true;
    if (this.staged !== undefined) this.state.set(this.key, this.staged.text);
  }

  private stage(text: string | undefined): void {
    if (this.isOver) throw new Error(`the state of key "${this.key}" was set after its handler had returned`);
    this.staged = { text };
  }
}
