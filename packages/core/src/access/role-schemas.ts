/** Roles and grants as requests, answers and JSON columns carry them. */
import { z } from 'zod';
import type { Grant, Scope } from './grants.ts';
import { PERMISSIONS } from './permissions.ts';
import { ROLES, type Role, type RoleGrant } from './roles.ts';
import { scopeSchema } from './scope-schema.ts';

const ROLES_MAX = 20;

export const grantSchema: z.ZodType<Grant, Grant> = z
  .strictObject({ permissions: z.array(z.enum(PERMISSIONS)), scope: scopeSchema })
  .meta({ id: 'Grant' });

/** As answers carry them. */
export const roleGrantsSchema: z.ZodType<readonly RoleGrant[], readonly RoleGrant[]> = z.array(
  z.strictObject({ role: z.enum(ROLES), scope: scopeSchema }).meta({ id: 'RoleGrant' }),
);

type GivenRole = { readonly role: Role; readonly scope?: Scope | undefined };

/** As requests carry them. */
export const givenRolesSchema: z.ZodType<readonly RoleGrant[], readonly GivenRole[]> = z
  .array(
    z
      .strictObject({ role: z.enum(ROLES), scope: scopeSchema.default({}).describe('left out: everywhere') })
      .meta({ id: 'GivenRole' }),
  )
  .max(ROLES_MAX);
