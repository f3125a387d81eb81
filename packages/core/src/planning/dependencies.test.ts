/** Which steps need which, and what hosts that are asked for bring. */
import { expect, it } from 'vitest';
import { documentFor } from './scenario.fixture.ts';

it('a move of a part needs the split that makes it', () => {
  const { recommendations } = documentFor(`
    host a 1000
    host b 1000
    shardlet s a 1900 splittable
    policy shardlet.cooldown 0
  `);
  const split = recommendations.find(({ action }) => action === 'split')!;
  const moves = recommendations.filter(({ action }) => action === 'move');
  expect(moves.length).toBeGreaterThan(0);
  for (const { dependsOn } of moves) expect(dependsOn).toEqual([split.step]);
});

it('moves that have room anyway need nothing', () => {
  const { recommendations } = documentFor(`
    host a 1000
    host b 1000
    host c 1000
    shardlet 1 a 400
    shardlet 2 a 400
    shardlet 3 a 400
    policy shardlet.cooldown 0
    policy shardlet.host_share_max 1
  `);
  expect(recommendations.length).toBeGreaterThan(0);
  expect(recommendations.every(({ dependsOn }) => dependsOn === undefined)).toBe(true);
});

it('a plan that asks for hosts shows what is left with them', () => {
  const shardlets = Array.from({ length: 24 }, (_, i) => `shardlet ${i} ${i < 12 ? 'a' : 'b'} 100`);
  const { recommendations, before, after } = documentFor(`
    host a 400
    host b 400
    ${shardlets.join('\n    ')}
    policy shardlet.cooldown 0
    policy shardlet.host_share_max 1
  `);
  expect(recommendations.at(-1)).toMatchObject({ action: 'add-hosts' });
  expect(before.hottest).toBeCloseTo(3);
  expect(after.hottest).toBeLessThan(1);
});

it('a move into room that another one makes needs it', () => {
  const { recommendations } = documentFor(`
    host a 100
    host b 100
    host c 100 label=disk:fast
    shardlet away b 80 pin=disk:fast
    shardlet 1 a 30
    shardlet 2 a 30
    shardlet 3 a 30
    shardlet 4 a 30
    policy shardlet.cooldown 0
    policy shardlet.host_share_max 1
  `);
  const first = recommendations.find(({ phase }) => phase === 'place-pinned')!;
  const into = recommendations.filter(
    ({ phase, destination }) => phase === 'rebalance' && destination === 'b',
  );
  expect(into.length).toBeGreaterThan(0);
  expect(into[0]!.dependsOn).toEqual([first.step]);
});
