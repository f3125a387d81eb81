import { policySchema } from '@foreshard/core/planning';
import { expect, test } from 'vitest';
import { type ScopeText, scopeOf, scopeProblem, scopeText } from './scopes-editor.tsx';

const night = { from: '04:00', to: '05:30', zone: 'Europe/Berlin' };

test.each([
  [{ stream: 'main', mode: 'ask', auto: {} }],
  [{ stream: 'main', shards: [3, 7], mode: 'auto', auto: { max_bytes: 5, minimum_confidence: 0.9 } }],
  [
    {
      stream: 'main',
      shards: [3, 3],
      mode: 'ask',
      auto: {},
      migration_window: [night, { ...night, zone: 'US/Eastern', days: ['sat', 'sun'] }],
    },
  ],
  [
    {
      cluster: 'theirs',
      mode: 'auto',
      auto: { max_events: 1.5, budget_moves: 2, budget_bytes: 7 },
      migration_window: [],
    },
  ],
])('a scope is read as it is written: %j', (scope) => {
  const [parsed] = policySchema.parse({ scopes: [scope] }).scopes;
  const text = scopeText(parsed!);
  expect(scopeProblem(text)).toBeUndefined();
  expect(scopeOf(text)).toEqual(parsed);
});

test.each([
  [{ shards: 'x' }, 'shards'],
  [{ shards: '7-3' }, 'shards'],
  [{ of: 'cluster theirs', shards: '3' }, 'no shards'],
  [{ windows: '04:00' }, 'windows'],
  [{ windows: '04:00-04:00 UTC' }, 'windows'],
  [{ windows: '04:00-05:00 Mars/Olympus' }, 'windows'],
  [{ windows: '04:00-05:00 UTC,' }, 'windows'],
  [{ auto: { max_bytes: '1.5' } }, 'Bytes at most'],
  [{ auto: { max_events: 'many' } }, 'Events/s at most'],
  [{ auto: { minimum_confidence: '2' } }, 'Confidence'],
  [{ auto: { minimum_gain: '-1' } }, 'Gain'],
  [{ auto: { budget_moves: '1.5' } }, 'Moves of one plan'],
])('what is wrong is told: %j', (change, message) => {
  const good = scopeText({ stream: 'main', mode: 'auto', auto: {} });
  const text = { ...good, ...change, auto: { ...good.auto, ...('auto' in change ? change.auto : {}) } };
  expect(scopeProblem(text as ScopeText)).toContain(message);
});
