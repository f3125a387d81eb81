import { DEFAULT_POLICY } from '@foreshard/core/planning';
import { describe, expect, it } from 'vitest';
import { POLICY_SECTIONS } from '../../server/policies/policy-fields.ts';
import { readSetting, settingText, splitUnit, typedOf } from './setting-units.ts';

describe('a setting', () => {
  it.each([
    [35_184_372_088_832, 'bytes', '32 TiB'],
    [10_000_000, 'bytes', '10 MB'],
    [1_500, 'bytes', '1.5 kB'],
    [812, 'bytes', '812 B'],
    [0, 'bytes', '0 B'],
    [20_000_000, 'bytes/s', '20 MB/s'],
    [360, 'minutes', '6 h'],
    [90, 'minutes', '90 min'],
    [1_440, 'minutes', '1 day'],
    [10_080, 'minutes', '7 days'],
    [0.57, 'share', '57 %'],
    [0.002, 'pressure', '0.002 pressure'],
    [20_000, 'events/s', '20,000 events/s'],
    [1_000_000, 'count', '1,000,000'],
  ])('of %d %s is written %s', (value, kind, text) => expect(settingText(value, kind)).toBe(text));

  it.each([
    ['32', 'TiB', 'bytes', 35_184_372_088_832],
    ['6', 'h', 'minutes', 360],
    ['57', '%', 'share', 0.57],
    ['0.29', '%', 'share', 0.0029],
    ['10,000', 'count', 'count', 10_000],
    ['90 min', 'h', 'minutes', 90],
    ['90min', 'h', 'minutes', 90],
    ['1 day', 'h', 'minutes', 1_440],
    ['1.5 kB', 'MB', 'bytes', 1_500],
    ['80 %', '%', 'share', 0.8],
    ['-3', 'B', 'bytes', -3],
  ])('typed as %j beside %s (%s) is %d', (text, unit, kind, value) =>
    expect(readSetting({ text, unit }, kind)).toBe(value),
  );

  // 0,5 is half a percent to some and five to others
  it.each(['', ' ', 'many', '0,5', '1,00', '5 hours', '1 2', '--1', '1e'])(
    'typed as %j is not read',
    (text) => expect(readSetting({ text, unit: 'h' }, 'minutes')).toBeNaN(),
  );

  it('takes over the unit that was typed, and nothing else', () => {
    expect(splitUnit({ text: '90 min', unit: 'h' }, 'minutes')).toEqual({ text: '90', unit: 'min' });
    expect(splitUnit({ text: '90 m', unit: 'h' }, 'minutes')).toEqual({ text: '90 m', unit: 'h' });
  });
});

it('every setting is read back as it is written, at its default, its least and its most', () => {
  for (const { path, unit, preset, least, most } of POLICY_SECTIONS.flatMap(({ fields }) => fields))
    for (const value of [preset, least, most])
      expect([path, readSetting(typedOf(value, unit), unit)]).toEqual([path, value]);
  expect(DEFAULT_POLICY.budget.bytes).toBe(2 ** 45);
});
