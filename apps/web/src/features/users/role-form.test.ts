import { EVERYWHERE, ROLES, type RoleGrant } from '@foreshard/core/access';
import { expect, it } from 'vitest';
import { dimensionsOf, NEW_ROLE, roleGrant, roleText } from './role-form.ts';

it('what is edited and left as it was stays as it was', () => {
  const grants: RoleGrant[] = [
    { role: 'administrator', scope: EVERYWHERE },
    { role: 'operator', scope: { clusters: ['.', 'kafka'] } },
    {
      role: 'reader',
      scope: { streams: [{ name: 'orders' }, { name: 'payments', keyPrefix: 'eu-/x' }], groups: ['g'] },
    },
  ];
  expect(grants.map((grant) => roleGrant(roleText(grant)))).toEqual(grants);
});

it('empty fields limit nothing, and spaces and commas are no names', () => {
  expect(roleGrant({ ...NEW_ROLE, role: 'reader', streams: ' , ' })).toEqual({
    ...{ role: 'reader', scope: EVERYWHERE },
  });
  expect(roleGrant({ ...NEW_ROLE, role: 'reader', groups: ' a ,b,' }).scope).toEqual({ groups: ['a', 'b'] });
});

it('a limit is asked for only where it makes a difference', () => {
  expect(ROLES.map((role) => dimensionsOf(role))).toEqual([
    ['clusters'],
    ['clusters', 'streams', 'groups'],
    ['clusters'],
    ['clusters'],
    [],
  ]);
  expect(roleGrant({ ...NEW_ROLE, role: 'operator', streams: 'orders' }).scope).toEqual(EVERYWHERE);
});
