import { expect, it } from 'vitest';
import { tableOf } from './table.ts';

it('aligns columns and shows what is missing', () => {
  const table = tableOf([
    { name: 'host-1', shardlets: 16, note: null },
    { name: 'h', shardlets: 2, note: 'x' },
  ]);
  expect(table).toBe('name    shardlets  note\nhost-1  16         -\nh       2          x');
});

it('a name keeps to its cell: what a terminal acts on is shown, not done', () => {
  const table = tableOf([{ name: 'a\u001b]0;title\u0007b\nc', note: '\u202egnp.exe\u009b2J' }]);
  expect(table.split('\n')).toEqual([
    'name                       note',
    'a\\u001b]0;title\\u0007b\\nc  \\u202egnp.exe\\u009b2J',
  ]);
});
