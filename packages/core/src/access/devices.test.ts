import { expect, it } from 'vitest';
import { newUserCode, readUserCode, tokenOfRoles } from './devices.ts';
import { EVERYWHERE } from './grants.ts';
import { ROLE_PERMISSIONS } from './roles.ts';

it('a token of a person has what all roles permit, within their one limit', () => {
  const scope = { streams: [{ name: 'orders' }] };
  expect(tokenOfRoles([{ role: 'operator', scope: EVERYWHERE }])).toEqual({
    permissions: [...ROLE_PERMISSIONS.operator, 'account:use'],
    scope: EVERYWHERE,
  });
  const both = tokenOfRoles([
    { role: 'reader', scope },
    { role: 'approver', scope },
  ])!;
  expect(both.scope).toEqual(scope);
  expect(new Set(both.permissions)).toEqual(
    new Set([...ROLE_PERMISSIONS.reader, ...ROLE_PERMISSIONS.approver, 'account:use']),
  );
});

it('roles that are limited in different ways, or none, make no token', () => {
  const scope = { streams: [{ name: 'orders' }] };
  expect(tokenOfRoles([])).toBeUndefined();
  expect(
    tokenOfRoles([
      { role: 'reader', scope },
      { role: 'operator', scope: EVERYWHERE },
    ]),
  ).toBeUndefined();
});

it('a code is eight letters in two halves, and is read however it is typed', () => {
  let next = 0;
  expect(newUserCode((below) => next++ % below)).toBe('BCDF-GHJK');
  expect(readUserCode(' bcdf ghjk')).toBe('BCDF-GHJK');
  expect(readUserCode('BCDFGHJK')).toBe('BCDF-GHJK');
  expect(readUserCode('bcd')).toBe('BCD-');
});
