import { expect, it } from 'vitest';
import { SHIPPED } from './planner-player.ts';
import { AS_SHIPPED } from './rivals.ts';
import { choicesOf, playSchema } from './settings.ts';

it('lays settings over those a policy ships with', () => {
  const play = playSchema.parse({ policy: 'pulsar', settings: { tolerance: 0.2 } });
  expect(choicesOf(play)).toMatchObject({ rival: { ...AS_SHIPPED.pulsar, tolerance: 0.2 } });
  const own = playSchema.parse({ policy: 'predictive+keys', settings: { steps: 4 }, keys: { above: 0.5 } });
  expect(choicesOf(own)).toMatchObject({ planner: { ...SHIPPED, steps: 4 }, keys: { above: 0.5 } });
});

it('names a setting that means nothing to the policy', () => {
  expect(choicesOf(playSchema.parse({ policy: 'tikv-pd', settings: { fullness: 0.5 } }))).toMatch(
    /tikv-pd has no setting "fullness"; it has tolerance/,
  );
  expect(choicesOf(playSchema.parse({ policy: 'static', settings: { x: 1 } }))).toMatch(/none/);
  expect(playSchema.safeParse({ policy: 'nobody' }).success).toBe(false);
});
