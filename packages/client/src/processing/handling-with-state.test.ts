import { expect, it } from 'vitest';
import type { ConsumedEvent } from '../consuming/consumed.ts';
import { contextOf, handleWithState } from './handling-with-state.ts';
import { ShardletState } from './shardlet-state.ts';

const event = { seq: 7, event: { subject: 'k' } } as ConsumedEvent;
const position = { seq: 7, epoch: 2 };

function handled(state: ShardletState, signal = new AbortController().signal): Promise<boolean> {
  const handler = { handle: (_: ConsumedEvent, key: { set(value: number): void }) => key.set(1) };
  return handleWithState<number>(handler, event, state, contextOf(false, signal, 'm'), position);
}

it('changes the state and its position in one moment: a checkpoint may be taken whenever something is awaited', async () => {
  const state = new ShardletState();
  const running = handled(state);
  while (!state.has('k')) await Promise.resolve();
  const { seq, epoch } = state.take('full');
  expect({ seq, epoch }).toEqual(position);
  expect(await running).toBe(true);
});

it('changes neither when the shardlet has gone to another member meanwhile', async () => {
  const state = new ShardletState();
  expect(await handled(state, AbortSignal.abort())).toBe(false);
  expect([state.has('k'), state.seq]).toEqual([false, 0]);
});
