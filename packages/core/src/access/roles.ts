/** Roles: named lists of permissions that people are given, each including what its rank below it may. */
import { covers, EVERYWHERE, type Grant, type Scope } from './grants.ts';
import { PERMISSIONS, type Permission } from './permissions.ts';

export const ROLES = ['viewer', 'reader', 'operator', 'approver', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

const VIEWER: readonly Permission[] = ['topology:read', 'cluster:read'];
const OPERATOR: readonly Permission[] = [...VIEWER, 'cluster:operate'];

/** Payloads are for readers: an operator moves what it cannot read, unless it is a reader as well. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = Object.freeze({
  viewer: VIEWER,
  reader: [...VIEWER, 'events:read', 'events:export', 'groups:consume'],
  operator: OPERATOR,
  approver: [...OPERATOR, 'plans:approve'],
  administrator: PERMISSIONS,
});

export const ROLE_DESCRIPTIONS: Readonly<Record<Role, string>> = Object.freeze({
  viewer: 'Sees load, forecasts, plans and settings. No payloads.',
  reader:
    'Viewer who also reads and exports payloads of the granted streams and consumes in the granted groups.',
  operator: 'Viewer who also gives orders that can be taken back.',
  approver: 'Operator who also approves and rejects plans.',
  administrator: 'Everything, including people, tokens, hosts and the policy.',
});

/** A role of one person, everywhere or within a scope. */
export interface RoleGrant {
  readonly role: Role;
  readonly scope: Scope;
}

/** Of a person with no role as well: everybody sees the own account. */
const OF_EVERY_PERSON: Grant = { permissions: ['account:use'], scope: EVERYWHERE };

export function grantsOf(roles: readonly RoleGrant[]): readonly Grant[] {
  const granted = roles.map(({ role, scope }) => ({ permissions: ROLE_PERMISSIONS[role], scope }));
  return [...granted, OF_EVERY_PERSON];
}

/** Is everything that these roles permit permitted by the grants already? What every person has is no question. */
export function coversRoles(grants: readonly Grant[], roles: readonly RoleGrant[]): boolean {
  const held = [...grants, OF_EVERY_PERSON];
  return grantsOf(roles).every((wanted) => covers(held, wanted));
}

/** The first role that has a permission, to name what somebody lacks. */
export function roleWith(permission: Permission): Role {
  return ROLES.find((role) => ROLE_PERMISSIONS[role].includes(permission)) ?? 'administrator';
}
