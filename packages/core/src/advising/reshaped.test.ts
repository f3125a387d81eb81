import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../planning/index.ts';
import { reshapedIn } from './gather-observations.ts';

const MINUTE_MS = 60_000;
type Changes = Parameters<typeof reshapedIn>[0];
type Change = Changes[number];

function opening(decision: Change['decision'], at: number, ...ids: number[]): Change {
  const state = { kind: 'opening' } as Change['shardlets'][number]['state'];
  return { at, decision, shardlets: ids.map((id) => ({ id, state })) };
}

it('nothing is called moved or reshaped too recently on a cluster whose streams are new and whose hosts came back', () => {
  expect(DEFAULT_POLICY.shardlet.cooldown * MINUTE_MS).toBeGreaterThan(0);
  const others = ['createStream', 'readmitHost'];
  expect(reshapedIn(others.map((decision, i) => opening(decision, i, 1, 2)))).toEqual(new Map());
});

it('parts of a split are, from when they were opened first', () => {
  const changes = [opening('restructure', 5, 3, 4), opening('restructure', 9, 4)];
  expect(reshapedIn(changes)).toEqual(new Map([...[3, 4].map((id) => [id, 5] as const)]));
});
