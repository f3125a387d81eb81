import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allows,
  clustersWithin,
  covers,
  EVERYWHERE,
  type Grant,
  intersection,
  OWN_CLUSTER,
  type Scope,
  scopeText,
} from './grants.ts';
import { LEGACY_SCOPES, PERMISSIONS, permissionsOf } from './permissions.ts';
import { actorOf, processPrincipal } from './principal.ts';
import { coversRoles, grantsOf, ROLE_PERMISSIONS, ROLES, type RoleGrant, roleWith } from './roles.ts';
import { grantsOfToken } from './token-grants.ts';

const names = fc.constantFrom('a', 'b', 'ab');
const prefixes = fc.constantFrom('', 'x', 'xy', 'y');
const streamScopes = fc.record({ name: names, keyPrefix: prefixes }, { requiredKeys: ['name'] });
const scopes: fc.Arbitrary<Scope> = fc.record(
  {
    streams: fc.array(streamScopes, { maxLength: 2 }),
    groups: fc.array(names, { maxLength: 2 }),
    clusters: fc.array(fc.oneof(names, fc.constant(OWN_CLUSTER)), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const permissions = fc.constantFrom(...PERMISSIONS);
const grants: fc.Arbitrary<Grant> = fc.record({
  permissions: fc.uniqueArray(permissions, { maxLength: 4 }),
  scope: scopes,
});
const roleGrants = fc.record({ role: fc.constantFrom(...ROLES), scope: scopes });
const targets = fc.record(
  { stream: names, key: fc.constantFrom('', 'x', 'xyz', 'yx'), group: names, cluster: names },
  { requiredKeys: [] },
);

describe('intersection', () => {
  it('allows what both allow, and nothing else', () => {
    const some = fc.array(grants, { maxLength: 3 });
    fc.assert(
      fc.property(some, some, permissions, targets, (one, other, permission, target) => {
        const both = allows(one, permission, target) && allows(other, permission, target);
        expect(allows(intersection(one, other), permission, target)).toBe(both);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what a token may do', () => {
  const given = { scopes: ['events:read', 'tokens:manage'], scope: { streams: [{ name: 'orders' }] } };

  it('is what it was given where it belongs to nobody', () => {
    expect(allows(grantsOfToken(given), 'tokens:manage')).toBe(true);
  });

  it('is never more than its owner may do now', () => {
    const of = (...roles: RoleGrant[]) => grantsOfToken({ ...given, ownerGrants: grantsOf(roles) });
    const orders = { stream: 'orders' };
    const reader = of({ role: 'reader', scope: EVERYWHERE });
    expect([allows(reader, 'events:read', orders), allows(reader, 'tokens:manage')]).toEqual([true, false]);
    const elsewhere = of({ role: 'reader', scope: { streams: [{ name: 'main' }] } });
    expect(allows(elsewhere, 'events:read', orders)).toBe(false);
    expect(allows(of(), 'events:read', orders)).toBe(false);
    const all = of({ role: 'administrator', scope: EVERYWHERE });
    expect(allows(all, 'events:read', { stream: 'main' })).toBe(false);
  });
});

describe('allows', () => {
  const on = (scope: Scope): Grant[] => [{ permissions: PERMISSIONS, scope }];

  it('a grant without limits allows its permissions everywhere, and no other', () => {
    const reads: Grant[] = [{ permissions: ['events:read'], scope: EVERYWHERE }];
    expect(allows(reads, 'events:read')).toBe(true);
    expect(allows(reads, 'events:read', { stream: 'orders' })).toBe(true);
    expect(allows(reads, 'events:export', { stream: 'orders' })).toBe(false);
  });

  it('a limit to a stream holds for payloads, not for what is about no stream', () => {
    const limited = on({ streams: [{ name: 'orders' }] });
    expect(allows(limited, 'events:read', { stream: 'orders' })).toBe(true);
    expect(allows(limited, 'events:read', { stream: 'other' })).toBe(false);
    expect(allows(limited, 'events:read')).toBe(false);
    expect(allows(limited, 'cluster:read')).toBe(true);
  });

  it('a limit to a prefix holds for appends and reads by key alone', () => {
    const limited = on({ streams: [{ name: 'orders', keyPrefix: 'eu-' }] });
    expect(allows(limited, 'events:write', { stream: 'orders', key: 'eu-1' })).toBe(true);
    expect(allows(limited, 'events:write', { stream: 'orders', key: 'us-1' })).toBe(false);
    expect(allows(limited, 'events:read', { stream: 'orders' })).toBe(false);
    expect(allows(limited, 'events:export', { stream: 'orders', key: 'eu-1' })).toBe(false);
    expect(allows(limited, 'groups:consume', { stream: 'orders', key: 'eu-1', group: 'g' })).toBe(false);
  });

  it('a limit to groups and one to clusters', () => {
    const limited = on({ groups: ['g'], clusters: ['kafka'] });
    expect(allows(limited, 'groups:consume', { group: 'g' })).toBe(true);
    expect(allows(limited, 'groups:consume', { group: 'h' })).toBe(false);
    expect(allows(limited, 'groups:manage')).toBe(false);
    expect(allows(limited, 'cluster:read', { cluster: 'kafka' })).toBe(true);
    expect(allows(limited, 'cluster:read', { cluster: OWN_CLUSTER })).toBe(false);
    expect(allows(limited, 'policy:change')).toBe(true);
  });

  it('the clusters of a permission are those of all grants that have it', () => {
    const within = (...clusters: string[]) => ({
      permissions: ['cluster:read'] as const,
      scope: { clusters },
    });
    expect(clustersWithin([within('a', '.'), within('a', 'b')], 'cluster:read')).toEqual(['a', '.', 'b']);
    expect(clustersWithin([within('a')], 'cluster:operate')).toEqual([]);
    const everywhere = { permissions: ['cluster:read'] as const, scope: EVERYWHERE };
    expect(clustersWithin([within('a'), everywhere], 'cluster:read')).toBeUndefined();
  });

  it('an empty limit permits nothing along it', () => {
    expect(allows(on({ streams: [] }), 'events:read', { stream: 'orders' })).toBe(false);
  });

  it('grants add up, and their parts do not mix', () => {
    const mixed: Grant[] = [
      { permissions: ['events:read'], scope: { streams: [{ name: 'a' }] } },
      { permissions: ['events:export'], scope: { streams: [{ name: 'b' }] } },
    ];
    expect(allows(mixed, 'events:read', { stream: 'a' })).toBe(true);
    expect(allows(mixed, 'events:export', { stream: 'b' })).toBe(true);
    expect(allows(mixed, 'events:read', { stream: 'b' })).toBe(false);
  });
});

describe('covers', () => {
  it('no grant implies more than was granted', () => {
    fc.assert(
      fc.property(
        fc.array(grants, { maxLength: 3 }),
        grants,
        permissions,
        targets,
        (held, wanted, one, at) => {
          if (covers(held, wanted) && allows([wanted], one, at)) expect(allows(held, one, at)).toBe(true);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('what is held is covered by itself, and everything by an unlimited grant of all', () => {
    const everything: Grant[] = [{ permissions: PERMISSIONS, scope: EVERYWHERE }];
    fc.assert(
      fc.property(grants, (one) => {
        expect(covers([one], one)).toBe(true);
        expect(covers(everything, one)).toBe(true);
      }),
    );
  });

  it('an unlimited request is not covered by a limited grant', () => {
    const limited: Grant[] = [{ permissions: ['events:read'], scope: { streams: [{ name: 'a' }] } }];
    expect(covers(limited, { permissions: ['events:read'], scope: EVERYWHERE })).toBe(false);
    expect(
      covers(limited, { permissions: ['events:read'], scope: { streams: [{ name: 'a', keyPrefix: 'x' }] } }),
    ).toBe(true);
  });
});

describe('roles', () => {
  it('each includes a viewer, the administrator everything', () => {
    for (const role of ROLES)
      for (const permission of ROLE_PERMISSIONS.viewer) expect(ROLE_PERMISSIONS[role]).toContain(permission);
    expect(ROLE_PERMISSIONS.administrator).toEqual(PERMISSIONS);
  });

  it('only readers and administrators see payloads, only approvers and administrators approve', () => {
    const having = (permission: (typeof PERMISSIONS)[number]) =>
      ROLES.filter((role) => ROLE_PERMISSIONS[role].includes(permission));
    expect(having('events:read')).toEqual(['reader', 'administrator']);
    expect(having('plans:approve')).toEqual(['approver', 'administrator']);
    expect(having('cluster:operate')).toEqual(['operator', 'approver', 'administrator']);
    for (const one of ['users:manage', 'tokens:manage', 'policy:change', 'hosts:manage'] as const)
      expect(having(one)).toEqual(['administrator']);
  });

  it('a role within a scope is a grant within it', () => {
    const scope = { streams: [{ name: 'orders' }] };
    expect(grantsOf([{ role: 'reader', scope }])).toContainEqual({
      ...{ permissions: ROLE_PERMISSIONS.reader, scope },
    });
  });

  it('every person sees the own account, and nothing else without a role', () => {
    const none = grantsOf([]);
    expect(PERMISSIONS.filter((permission) => allows(none, permission))).toEqual(['account:use']);
  });

  it('nobody can give roles that permit more than the giver holds', () => {
    fc.assert(
      fc.property(
        fc.array(roleGrants, { maxLength: 2 }),
        roleGrants,
        permissions,
        targets,
        (own, one, p, at) => {
          if (!coversRoles(grantsOf(own), [one])) return;
          if (allows(grantsOf([one]), p, at)) expect(allows(grantsOf(own), p, at)).toBe(true);
        },
      ),
      { numRuns: 20_000 },
    );
    const approver = grantsOf([{ role: 'approver', scope: EVERYWHERE }]);
    expect(coversRoles(approver, [{ role: 'operator', scope: EVERYWHERE }])).toBe(true);
    expect(coversRoles(approver, [{ role: 'reader', scope: EVERYWHERE }])).toBe(false);
    expect(coversRoles([], [])).toBe(true);
  });

  it('the first role that has a permission is the one to ask for', () => {
    expect(roleWith('cluster:operate')).toBe('operator');
    expect(roleWith('plans:approve')).toBe('approver');
    expect(roleWith('events:write')).toBe('administrator');
  });
});

describe('scopes of before', () => {
  it('open exactly what they opened, and all together everything', () => {
    expect(permissionsOf(['ingest'])).toEqual(['events:write', 'telemetry:write']);
    expect(permissionsOf(['read'])).toEqual(['events:read', 'events:export', 'topology:read']);
    expect(permissionsOf(['consume'])).toEqual(['groups:consume']);
    expect([...permissionsOf(Object.keys(LEGACY_SCOPES))].sort()).toEqual([...PERMISSIONS].sort());
  });

  it('admin alone neither appends nor reads', () => {
    const admin = permissionsOf(['admin']);
    for (const one of ['events:write', 'events:read', 'events:export', 'groups:consume'] as const)
      expect(admin).not.toContain(one);
    expect(admin).toContain('users:manage');
  });

  it('a name that nobody knows permits nothing', () => {
    expect(permissionsOf(['everything', 'toString', 'events:read', 'events:read'])).toEqual(['events:read']);
  });
});

it('a scope in words', () => {
  expect(scopeText(EVERYWHERE)).toBe('everywhere');
  expect(
    scopeText({
      streams: [{ name: 'orders', keyPrefix: 'eu-' }, { name: 'main' }],
      groups: [],
      clusters: [OWN_CLUSTER, 'kafka'],
    }),
  ).toBe('streams orders (keys eu-*), main; groups none; clusters this cluster, kafka');
});

it('an actor is a person, a named token or a process that may do everything', () => {
  expect(actorOf({ kind: 'person', name: 'ada@example.org' })).toBe('ada@example.org');
  expect(actorOf({ kind: 'token', name: 'shop' })).toBe('token:shop');
  const worker = processPrincipal('worker');
  expect(actorOf(worker)).toBe('worker');
  for (const permission of PERMISSIONS) expect(allows(worker.grants, permission)).toBe(true);
});
