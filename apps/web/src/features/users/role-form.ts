/** Roles as a form has them: names with commas, and a slash before how keys begin. */
import {
  type Dimension,
  PERMISSION_TABLE,
  ROLE_PERMISSIONS,
  type Role,
  type RoleGrant,
  type Scope,
  type StreamScope,
} from '@foreshard/core/access';

export interface RoleText {
  readonly role: Role;
  readonly streams: string;
  readonly groups: string;
  readonly clusters: string;
}

export const NEW_ROLE: RoleText = { role: 'viewer', streams: '', groups: '', clusters: '' };

/** Along which dimensions it makes a difference to limit this role. Who manages people manages all of them. */
export function dimensionsOf(role: Role): readonly Dimension[] {
  if (role === 'administrator') return [];
  const limits = ROLE_PERMISSIONS[role].flatMap((permission) => PERMISSION_TABLE[permission].limitedBy);
  return [...new Set(limits)];
}

export function roleText({ role, scope: { streams, groups, clusters } }: RoleGrant): RoleText {
  const streamText = ({ name, keyPrefix }: StreamScope) =>
    keyPrefix === undefined ? name : `${name}/${keyPrefix}`;
  return {
    role,
    streams: streams?.map(streamText).join(', ') ?? '',
    groups: groups?.join(', ') ?? '',
    clusters: clusters?.join(', ') ?? '',
  };
}

/** A field that makes no difference for the role is left out. */
export function roleGrant(text: RoleText): RoleGrant {
  const limits = dimensionsOf(text.role);
  return {
    role: text.role,
    scope: scopeOf({
      streams: limits.includes('streams') ? text.streams : '',
      groups: limits.includes('groups') ? text.groups : '',
      clusters: limits.includes('clusters') ? text.clusters : '',
    }),
  };
}

/** Empty fields limit nothing. */
export function scopeOf({ streams, groups, clusters }: Omit<RoleText, 'role'>): Scope {
  return {
    ...(listed(streams).length === 0 ? {} : { streams: listed(streams).map(streamScope) }),
    ...(listed(groups).length === 0 ? {} : { groups: listed(groups) }),
    ...(listed(clusters).length === 0 ? {} : { clusters: listed(clusters) }),
  };
}

function streamScope(text: string): StreamScope {
  const [name = '', keyPrefix = ''] = text.split(/\/(.*)/s);
  return keyPrefix === '' ? { name } : { name, keyPrefix };
}

/** Names with commas between them. */
export function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
