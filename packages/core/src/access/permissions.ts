/**
 * What can be permitted. Every operation names one permission; roles and tokens are lists of them. Reading payloads,
 * exports, approvals, the policy, hosts, webhooks, tokens and people are permissions of their own.
 */

/** A grant can be limited along these; a permission is limited only along those that it names. */
export const DIMENSIONS = ['streams', 'groups', 'clusters'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

interface Permitted {
  readonly allows: string;
  readonly limitedBy: readonly Dimension[];
  /** a limit to a stream may be narrowed to keys with a prefix */
  readonly byKey?: true;
}

const TABLE = {
  'events:write': { allows: 'append events', limitedBy: ['streams'], byKey: true },
  'events:read': { allows: 'read events with their payloads', limitedBy: ['streams'], byKey: true },
  'events:export': { allows: 'export events as files', limitedBy: ['streams'] },
  'telemetry:write': { allows: 'report accesses and instances', limitedBy: [] },
  'topology:read': { allows: 'read the map, and list streams and consumer groups', limitedBy: [] },
  'groups:consume': {
    allows: 'create a consumer group, poll, commit and leave',
    limitedBy: ['streams', 'groups'],
  },
  'groups:manage': {
    allows: 'delete a consumer group or have it delivered to an address',
    limitedBy: ['streams', 'groups'],
  },
  'cluster:read': {
    allows: 'see load, forecasts, hosts, migrations, plans, health and settings, without payloads',
    limitedBy: ['clusters'],
  },
  'cluster:operate': {
    allows: 'give orders that can be taken back: move, split, drain, pause, hint, retrain',
    limitedBy: ['clusters'],
  },
  'plans:approve': { allows: 'approve and reject what the planner recommends', limitedBy: ['clusters'] },
  'policy:change': { allows: 'change the policy, its mode and its limits', limitedBy: [] },
  'hosts:manage': { allows: 'add, edit and remove hosts, and accept a loss', limitedBy: [] },
  'streams:manage': { allows: 'create, alter and delete streams and quotas', limitedBy: ['streams'] },
  'clusters:manage': { allows: 'add, edit and remove external clusters', limitedBy: ['clusters'] },
  'webhooks:manage': { allows: 'add, edit, test and remove webhooks', limitedBy: [] },
  'tokens:manage': { allows: 'see, create and revoke API tokens', limitedBy: [] },
  'users:manage': { allows: 'invite people, change their roles and end their sessions', limitedBy: [] },
  'audit:read': { allows: 'read, export and verify the audit log', limitedBy: [] },
  /** every person has it, with no role */
  'account:use': {
    allows: 'see the own account and permissions, end own sessions and change the own password',
    limitedBy: [],
  },
} as const satisfies Record<string, Permitted>;

export type Permission = keyof typeof TABLE;
export const PERMISSION_TABLE: Readonly<Record<Permission, Permitted>> = Object.freeze(TABLE);
export const PERMISSIONS = Object.freeze(Object.keys(TABLE)) as readonly [Permission, ...Permission[]];

/** What the scopes of before opened beside each other; `admin` opened the rest. */
const OPENED = {
  ingest: ['events:write', 'telemetry:write'],
  read: ['events:read', 'events:export', 'topology:read'],
  consume: ['groups:consume'],
} as const satisfies Record<string, readonly Permission[]>;
const OPENED_BY_OTHERS: ReadonlySet<Permission> = new Set(Object.values(OPENED).flat());

/** Scopes that tokens had before there were permissions: each goes on with exactly what it opened. */
export const LEGACY_SCOPES: Readonly<Record<keyof typeof OPENED | 'admin', readonly Permission[]>> =
  Object.freeze({ ...OPENED, admin: PERMISSIONS.filter((one) => !OPENED_BY_OTHERS.has(one)) });
export type LegacyScope = keyof typeof LEGACY_SCOPES;
/** What a token can be given, and what one of an earlier release has. */
export type TokenScope = Permission | LegacyScope;
export const TOKEN_SCOPES = Object.freeze([...PERMISSIONS, ...Object.keys(LEGACY_SCOPES)]) as readonly [
  TokenScope,
  ...TokenScope[],
];

export function isPermission(name: string): name is Permission {
  return Object.hasOwn(TABLE, name);
}

/** Of scopes as a token store keeps them; names that this release does not know permit nothing. */
export function permissionsOf(scopes: readonly string[]): readonly Permission[] {
  const permitted = scopes.flatMap((scope): readonly Permission[] => {
    if (Object.hasOwn(LEGACY_SCOPES, scope)) return LEGACY_SCOPES[scope as LegacyScope];
    return isPermission(scope) ? [scope] : [];
  });
  return [...new Set(permitted)];
}
