import { EVERYWHERE } from '@foreshard/core/access';
import { expect, it } from 'vitest';
import { roleGrant } from './role-grants.ts';

it('a role holds everywhere, or within what is named after it', () => {
  expect(roleGrant('operator')).toEqual([{ role: 'operator', scope: EVERYWHERE }]);
  expect(roleGrant('reader:stream=orders,stream=payments/eu-/x,group=a=b,cluster=.')).toEqual([
    {
      role: 'reader',
      scope: {
        streams: [{ name: 'orders' }, { name: 'payments', keyPrefix: 'eu-/x' }],
        groups: ['a=b'],
        clusters: ['.'],
      },
    },
  ]);
});

it('roles add up', () => {
  expect(roleGrant('viewer', roleGrant('reader')).map(({ role }) => role)).toEqual(['reader', 'viewer']);
});

it.each(['', 'root', 'operator:', 'operator:orders', 'operator:stream=', 'operator:stream=a/', 'reader:,'])(
  'refuses %j, and permits nothing by mistake',
  (text) => {
    expect(() => roleGrant(text)).toThrow(/a role is one of/);
  },
);
