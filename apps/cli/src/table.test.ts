import { expect, it } from 'vitest';
import { tableOf } from './table.ts';

it('aligns columns and shows what is missing', () => {
  const table = tableOf([
    { name: 'host-1', shardlets: 16, note: null },
    { name: 'h', shardlets: 2, note: 'x' },
  ]);
  expect(table).toBe('name    shardlets  note\nhost-1  16         -\nh       2          x');
});
