import { describe, expect, it } from 'vitest';
import { parseTimestamp } from './timestamps.ts';

describe('a timestamp', () => {
  it.each([
    ['2001-01-01T00:01:00Z', 978_307_260_000],
    ['2001-01-01T01:01:00+01:00', 978_307_260_000],
    ['2001-01-01 00:01', 978_307_260_000],
    ['978307260', 978_307_260_000],
    ['978307260000', 978_307_260_000],
    ['978307260000000', 978_307_260_000],
    ['', undefined],
    ['noon', undefined],
    ['2001-99-01', undefined],
    ['2001-02-29', undefined],
    ['2001-04-31T12:00:00+02:00', undefined],
    ['2000-02-29', 951_782_400_000],
    ['01/02/2001', undefined],
  ])('%j is %s', (text, ms) => {
    expect(parseTimestamp(text)).toBe(ms);
  });
});
