import { describe, expect, it } from 'vitest';
import { homelessText, verdictOf } from './what-if-words.ts';

type Answer = Parameters<typeof verdictOf>[0];

const load = (shardlets: number) => ({ pressure: 0.5, eventsPerSecond: 1, shardlets });
const state = (hottest: number, hotHosts: number) => ({ hottest, hotHosts }) as Answer['plan']['before'];
function answer(homeless: number, more: Partial<Answer['plan']> = {}): Answer {
  return {
    hosts: [{ isLost: true, planned: load(homeless) }],
    plan: { before: state(0.5, 0), after: state(0.5, 0), skipped: {}, recommendations: [], ...more },
    recommendationCount: 0,
  };
}

describe('where a host would be lost', () => {
  it('what waits for the limit of moves does not lack a place', () => {
    const busy = (skipped: Answer['plan']['skipped']) => verdictOf(answer(4, { skipped }));
    const words = '4 shardlets cannot be placed yet: the limit of moves at a time is reached';
    expect(busy({ 'destinations-busy': 4 })).toBe(words);
    expect(busy({ 'destinations-busy': 1, 'budget-moves': 3 })).toBe(words);
    // one of them fits nowhere
    expect(busy({ 'destinations-busy': 3, 'no-destination': 1 })).toBe(
      '4 shardlets of the lost host cannot be placed',
    );
  });

  it('what fits nowhere asks for hosts', () => {
    const recommendations = [{ action: 'add-hosts' as const, hosts: 2 }];
    expect(verdictOf(answer(4, { recommendations }))).toContain('2 hosts more would be needed');
    expect(homelessText({ changed: load(6), planned: load(4) })).toBe('4 of 6 shardlets wait for a place');
  });
});

it('says that it holds where no host becomes hot, and that a host is overloaded where one is', () => {
  expect(verdictOf(answer(0))).toBe('It holds: no host becomes hot');
  expect(verdictOf(answer(0, { before: state(1.2, 1) }))).toBe('A host is overloaded, and nothing helps');
});
