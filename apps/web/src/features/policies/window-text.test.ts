import { policySchema, WEEKDAYS } from '@foreshard/core/planning';
import { describe, expect, it } from 'vitest';
import { isGoodWindow, readWindow, type Window, windowText, withDay } from './window-text.ts';

const daily: Window = { from: '04:00', to: '05:30', zone: 'Europe/Berlin' };
const weekend: Window = { ...daily, days: ['sat', 'sun'] };

it.each([daily, weekend])('%j is read as it is written', (window) => {
  expect(readWindow(windowText(window))).toEqual(window);
  expect(isGoodWindow(window)).toBe(true);
});

describe('what the form takes, the schema takes', () => {
  it.each([
    '04:00-05:30 UTC',
    '22:00-02:00 UTC fri',
    '04:00-05:30 UTC Sat+SUN',
    '04:00-04:00 UTC',
    '04:00-05:30 Mars/Olympus',
    '04:00-05:30 UTC someday',
    '04:00-05:30',
    'always',
  ])('%s', (line) => {
    const window = readWindow(line);
    expect(isGoodWindow(window)).toBe(policySchema.safeParse({ migration_window: [window] }).success);
  });
});

it('has weekdays in the order of the week, and none named where it is every day', () => {
  const without = WEEKDAYS.reduce(
    (window, day) => withDay(window, day, day === 'sun' || day === 'sat'),
    daily,
  );
  expect(without).toEqual(weekend);
  expect(WEEKDAYS.reduce((window, day) => withDay(window, day, true), weekend)).toEqual(daily);
  expect(withDay({ ...daily, days: ['sat'] }, 'sat', false).days).toEqual([]);
});
