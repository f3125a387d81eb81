import { describe, expect, it } from 'vitest';
import { confidenceWords, effectWords, realisedWords } from './recommendation-words.ts';

const effect = { sourceBefore: 4.43217, sourceAfter: 0.79, destinationAfter: 0.3824 };

describe('what it is worth', () => {
  it('is said in shares of hosts, without digits nobody reads', () => {
    expect(effectWords({ effect }, { source: 'host-3', destination: 'host-2' })).toBe(
      'takes host-3 from 443 % to 79 %, host-2 up to 38 %',
    );
    expect(effectWords({ effect }, { source: null, destination: 'host-2' })).toBe('takes host-2 up to 38 %');
    expect(effectWords({}, { source: 'host-3', destination: 'host-2' })).toBeUndefined();
  });

  it('is compared with what was expected', () => {
    expect(realisedWords(null, null)).toBeUndefined();
    expect(realisedWords({ gain: 1.6 }, { expected: 2, low: 1, high: 3 })).toBe('80 % of what was expected');
    expect(realisedWords({ gain: 1.6 }, null)).toBe('it helped');
    expect(realisedWords({ gain: 0 }, null)).toBe('it did not help');
  });
});

describe('confidence', () => {
  it.each([
    [{ confidence: 0.734 }, '73 % confident'],
    [{ confidence: 0.999 }, '99 % confident'],
    [{ confidence: 0 }, '0 % confident'],
    // its reason says "its forecast may be off by 130 %": nothing beside it may say 100 %
    [{ confidence: 1, isReaction: true as const }, 'by measured load alone'],
    [{ confidence: 0.4, isReaction: true as const }, 'by measured load alone'],
    [{ confidence: 1 }, 'by measured load alone'],
  ])('of %j is "%s"', (body, words) => expect(confidenceWords(body)).toBe(words));
});
