/** Roles, grants, permissions, and the ports to where people and sessions are kept. */
export * from './assertions.ts';
export * from './devices.ts';
export * from './grants.ts';
export * from './list-age.ts';
export * from './networks.ts';
export * from './owner-sign-in.ts';
export * from './people.ts';
export * from './permissions.ts';
export * from './plain-name.ts';
export * from './principal.ts';
export * from './role-schemas.ts';
export * from './roles.ts';
export * from './scope-schema.ts';
export * from './token-grants.ts';
