import { describe, expect, it } from 'vitest';
import { hintRequestSchema } from './hint.ts';
import { occurrences } from './occurrences.ts';

const HOUR_MS = 3_600_000;
const at = (text: string) => Date.parse(text);

function times(
  every: 'day' | 'week' | 'month',
  from: string,
  zone: string,
  between: [string, string],
  until?: string,
) {
  const hint = {
    fromMs: at(from),
    toMs: at(from) + HOUR_MS,
    repeat: { every, zone, ...(until ? { until } : {}) },
  };
  return occurrences(hint, at(between[0]), at(between[1])).map(({ fromMs }) =>
    new Date(fromMs).toISOString(),
  );
}

describe('when a hint holds', () => {
  it('holds once without a repetition, also when only its end is asked for', () => {
    const hint = { fromMs: 1_000, toMs: 5_000, repeat: null };
    expect(occurrences(hint, 4_000, 9_000)).toEqual([{ fromMs: 1_000, toMs: 5_000 }]);
    expect(occurrences(hint, 5_000, 9_000)).toEqual([]);
  });

  it('stays at the same hour of the wall when the clocks change', () => {
    expect(
      times('day', '2026-10-24T18:00:00+02:00', 'Europe/Berlin', ['2026-10-24T00:00Z', '2026-10-27T00:00Z']),
    ).toEqual(['2026-10-24T16:00:00.000Z', '2026-10-25T17:00:00.000Z', '2026-10-26T17:00:00.000Z']);
  });

  it('moves an hour that is skipped behind the gap, and takes the first of two equal ones', () => {
    expect(
      times('day', '2026-03-28T02:30:00+01:00', 'Europe/Berlin', ['2026-03-29T00:00Z', '2026-03-30T00:00Z']),
    ).toEqual(['2026-03-29T01:30:00.000Z']);
    expect(
      times('day', '2026-10-24T02:30:00+02:00', 'Europe/Berlin', ['2026-10-25T00:00Z', '2026-10-25T12:00Z']),
    ).toEqual(['2026-10-25T00:30:00.000Z']);
  });

  it('leaves out months without the date, and ends with "until"', () => {
    expect(times('month', '2026-01-31T12:00:00Z', 'UTC', ['2026-01-01T00:00Z', '2026-06-01T00:00Z'])).toEqual(
      ['2026-01-31T12:00:00.000Z', '2026-03-31T12:00:00.000Z', '2026-05-31T12:00:00.000Z'],
    );
    expect(
      times(
        'week',
        '2026-01-05T12:00:00Z',
        'UTC',
        ['2026-01-01T00:00Z', '2027-01-01T00:00Z'],
        '2026-01-19T12:00:00Z',
      ),
    ).toHaveLength(3);
  });
});

describe('a hint that is sent', () => {
  const good = { from: '2026-12-24T18:00:00Z', to: '2026-12-24T20:00:00Z', factor: 3, because: 'sale' };
  const wrong = (change: object) =>
    hintRequestSchema.safeParse({ ...good, ...change }).error?.issues[0]?.message;

  it('is taken with what is not said filled in', () => {
    expect(hintRequestSchema.parse(good)).toMatchObject({ stream: 'main', scope: {} });
  });

  it.each([
    [{ factor: undefined }, 'either "factor" or "perSecond" is expected'],
    [{ perSecond: 7 }, 'either "factor" or "perSecond" is expected'],
    [{ to: good.from }, 'it must end after it begins'],
    [{ from: '2026-12-24 18:00' }, 'expected a time with a zone, such as 2026-12-24T18:00:00+01:00'],
    [{ because: '  ' }, 'say why: others will read it'],
    [{ repeat: { every: 'day', zone: 'Mars/Olympus' } }, 'expected a time zone such as Europe/Berlin or UTC'],
    [
      { repeat: { every: 'day', zone: 'UTC' }, to: '2026-12-26T20:00:00Z' },
      'it would begin again before it has ended',
    ],
  ])('is refused with the reason: %j', (change, message) => {
    expect(wrong(change)).toBe(message);
  });
});
