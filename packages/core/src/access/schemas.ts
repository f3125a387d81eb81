/** Scopes and roles as they stand in requests, answers and JSON columns. */
import { z } from 'zod';
import { OWN_CLUSTER, type Scope } from './grants.ts';
import { ROLES, type Role, type RoleGrant } from './roles.ts';

const LIMITS_MAX = 100;
const ROLES_MAX = 20;
const name = z.string().min(1).max(200);

export const scopeSchema: z.ZodType<Scope, Scope> = z
  .strictObject({
    streams: z
      .array(
        z.strictObject({
          name,
          keyPrefix: name.exactOptional().describe('only keys that begin so: appends and reads by key'),
        }),
      )
      .max(LIMITS_MAX)
      .exactOptional()
      .describe('left out: every stream; empty: none'),
    groups: z.array(name).max(LIMITS_MAX).exactOptional().describe('consumer groups; left out: every one'),
    clusters: z
      .array(name)
      .max(LIMITS_MAX)
      .exactOptional()
      .describe(`external clusters by name, "${OWN_CLUSTER}" is this one; left out: every one`),
  })
  .meta({ id: 'Scope' });

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
