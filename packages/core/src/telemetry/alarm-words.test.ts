import { expect, test } from 'vitest';
import { alarmWords } from './alarm-words.ts';

const HOST = { id: 3, name: 'c' };

test.each([
  ['regressed', 'Host c went back to an older state', 'foreshard hosts accept-loss 3 --dry-run'],
  ['foreign', 'Host c is used by another control plane', 'foreshard doctor --after-restore'],
  ['other', 'Another host answers at the address of c', 'Mend its address'],
  ['new', 'Host c is not used until somebody has looked', 'Run "foreshard doctor"'],
])('an alarm of reason %s names cause and cure', (reason, what, cure) => {
  const words = alarmWords(reason, HOST);
  expect(words.what).toBe(what);
  expect(words.cure).toContain(cure);
});
