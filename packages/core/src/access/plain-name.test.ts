import { expect, it } from 'vitest';
import { isPlain, plainName } from './plain-name.ts';

it.each([
  ['a line break', 'ada\r\nInjected: 1'],
  ['a tab', 'ada\tlovelace'],
  ['an override of direction', 'ada\u202egro.elpmaxe'],
  ['a space of no width', 'ada\u200b@example.org'],
  ['an isolate', '\u2066ada\u2069'],
  ['an escape', 'ada\u001b[2J'],
  ['a soft hyphen', 'ad\u00ada'],
])('a name with %s is not plain, and its rest is', (_, text) => {
  expect(isPlain(text)).toBe(false);
  expect(isPlain(plainName(text))).toBe(true);
});

it('names in any script are plain as they are', () => {
  for (const name of ['Ada Lovelace', 'O’Brien', 'نام‌خانوادگی', '李小龍', 'ada+tag@example.org', '👩‍💻'])
    expect([isPlain(name), plainName(name)]).toEqual([true, name]);
});
