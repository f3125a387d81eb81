import { expect, it } from 'vitest';
import { catchUpWords, letterCounts, wantedWords, whyWords } from './group-words.ts';

const words = (catchUp: Parameters<typeof catchUpWords>[0]) => {
  const { tone, text } = catchUpWords(catchUp, () => '14:32');
  return [tone, text.replaceAll('\u00a0', ' ')];
};

it('says when a group has caught up, that it does not, or that nobody knows', () => {
  expect(words({ kind: 'caught up' })).toEqual(['ok', 'caught up']);
  expect(words({ kind: 'by', atMs: 1 })).toEqual(['neutral', 'caught up by 14:32']);
  expect(words({ kind: 'later', afterMs: 7_200_000, lag: 5 })).toEqual(['warn', 'not within 2 h']);
  expect(words({ kind: 'not catching up', afterMs: 1, lag: 5 })).toEqual(['bad', 'not catching up']);
  expect(words({ kind: 'unknown', because: 'lag' })).toEqual(['neutral', 'unknown']);
});

it('says why a shardlet is where it is', () => {
  expect(whyWords({ kind: 'kept', member: 'a', committed: true })).toBe('kept by its member');
  expect(whyWords({ kind: 'revoking', member: 'a', holds: 4, share: 2 })).toContain(
    'has 4, a fair share is 2',
  );
  expect(whyWords({ kind: 'waits', parents: [{ shardlet: 12, seq: 40, finalSeq: 57 }] })).toBe(
    'waits for its parent 12 (40 of 57)',
  );
  expect(whyWords(null)).toBe('processed to its end');
});

it('says how many members are wanted, and warns where there are fewer', () => {
  const known = { kind: 'known', memberRate: 120, limitedByShardlets: false } as const;
  const wanted = (now: number, atHorizon: number, members: number, why: typeof known = known) =>
    wantedWords({ now, atHorizon, at: atHorizon > members ? 1 : null, why }, members, () => '17:50');
  expect(wanted(2, 5, 2)).toMatchObject({ tone: 'warn', text: '2, 5 within 30 min, from 17:50' });
  expect(wanted(2, 2, 2)).toMatchObject({ tone: 'neutral', text: '2' });
  expect(wanted(2, 3, 0).tone).toBe('neutral');
  const limited = wanted(3, 3, 2, { ...known, limitedByShardlets: true as never });
  expect(limited.tip).toContain('120 events a second. More members would need more shardlets');
  const unknown = {
    now: null,
    atHorizon: null,
    at: null,
    why: { kind: 'unknown', because: 'rate' },
  } as const;
  expect(wantedWords(unknown, 2, () => '')).toMatchObject({
    text: 'unknown',
    tip: expect.stringContaining('speed'),
  });
});

it('counts letters by their state', () => {
  expect(letterCounts({ dead: 1, redriven: 0, discarded: 0 })).toBe(
    '1 letter: 1 dead, 0 re-driven, 0 discarded',
  );
});
