/**
 * Who may do what to which: grants of permissions within a scope. A scope limits a permission only along the
 * dimensions that the permission names (a role limited to a stream limits reading payloads, not seeing hosts).
 *
 * Laws, checked by property tests: if `covers(a, b)` then every target that `b` allows is allowed by `a`; what
 * `intersection(a, b)` allows is what both allow.
 */
import { DIMENSIONS, type Dimension, PERMISSION_TABLE, type Permission } from './permissions.ts';

export interface StreamScope {
  readonly name: string;
  /** only keys that begin so, and only for appends and reads by key */
  readonly keyPrefix?: string;
}

/** A dimension that is left out is not limited; an empty list permits nothing along it. */
export interface Scope {
  readonly streams?: readonly StreamScope[];
  readonly groups?: readonly string[];
  /** external clusters by name; our own is OWN_CLUSTER */
  readonly clusters?: readonly string[];
}

export interface Grant {
  readonly permissions: readonly Permission[];
  readonly scope: Scope;
}

/** What an operation is about; what is left out is not named, so a grant limited along it does not hold. */
export interface Target {
  readonly stream?: string | undefined;
  readonly key?: string | undefined;
  readonly group?: string | undefined;
  readonly cluster?: string | undefined;
}

/** Not a name that an external cluster can have. */
export const OWN_CLUSTER = '.';
export const EVERYWHERE: Scope = Object.freeze({});

export function allows(grants: readonly Grant[], permission: Permission, target: Target = {}): boolean {
  return grants.some(
    ({ permissions, scope }) => permissions.includes(permission) && contains(scope, permission, target),
  );
}

/** Has any grant this permission, wherever? For showing what can be tried at all. */
export function mentions(grants: readonly Grant[], permission: Permission): boolean {
  return grants.some(({ permissions }) => permissions.includes(permission));
}

/** The clusters that a permission holds for, as grants name them; undefined: every cluster, also those added later. */
export function clustersWithin(
  grants: readonly Grant[],
  permission: Permission,
): readonly string[] | undefined {
  const scopes = grants
    .filter(({ permissions }) => permissions.includes(permission))
    .map(({ scope }) => scope);
  if (scopes.some(({ clusters }) => clusters === undefined)) return undefined;
  return [...new Set(scopes.flatMap(({ clusters }) => clusters!))];
}

function contains(scope: Scope, permission: Permission, target: Target): boolean {
  const { limitedBy } = PERMISSION_TABLE[permission];
  return limitedBy.every((dimension) => within(scope, dimension, permission, target));
}

function within(scope: Scope, dimension: Dimension, permission: Permission, target: Target): boolean {
  switch (dimension) {
    case 'streams':
      return scope.streams === undefined || scope.streams.some((one) => holds(one, permission, target));
    case 'groups':
      return scope.groups === undefined || includes(scope.groups, target.group);
    case 'clusters':
      return scope.clusters === undefined || includes(scope.clusters, target.cluster);
  }
}

function includes(names: readonly string[], name: string | undefined): boolean {
  return name !== undefined && names.includes(name);
}

function holds(one: StreamScope, permission: Permission, { stream, key }: Target): boolean {
  if (stream !== one.name) return false;
  if (one.keyPrefix === undefined) return true;
  if (PERMISSION_TABLE[permission].byKey !== true) return false;
  return key?.startsWith(one.keyPrefix) === true;
}

/** Is everything that `wanted` permits permitted by one of the grants already? Sound, not complete: see the law. */
export function covers(grants: readonly Grant[], wanted: Grant): boolean {
  return wanted.permissions.every((permission) =>
    grants.some(
      (grant) =>
        grant.permissions.includes(permission) &&
        PERMISSION_TABLE[permission].limitedBy.every((dimension) =>
          isPart(wanted.scope, grant.scope, dimension),
        ),
    ),
  );
}

/** Is `inner` a part of `outer` along this dimension? */
function isPart(inner: Scope, outer: Scope, dimension: Dimension): boolean {
  if (outer[dimension] === undefined) return true;
  if (inner[dimension] === undefined) return false;
  if (dimension !== 'streams')
    return inner[dimension].every((name) => (outer[dimension] as readonly string[]).includes(name));
  return inner.streams!.every((one) => outer.streams!.some((other) => isNarrower(one, other)));
}

function isNarrower(one: StreamScope, other: StreamScope): boolean {
  if (one.name !== other.name) return false;
  return other.keyPrefix === undefined || one.keyPrefix?.startsWith(other.keyPrefix) === true;
}

/** What both allow. */
export function intersection(some: readonly Grant[], others: readonly Grant[]): readonly Grant[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const permissions = one.permissions.filter((permission) => other.permissions.includes(permission));
      return permissions.length === 0 ? [] : [{ permissions, scope: narrowed(one.scope, other.scope) }];
    }),
  );
}

function narrowed(one: Scope, other: Scope): Scope {
  const streams = both(one.streams, other.streams, narrowerStream);
  const groups = both(one.groups, other.groups, same);
  const clusters = both(one.clusters, other.clusters, same);
  return {
    ...(streams === undefined ? {} : { streams }),
    ...(groups === undefined ? {} : { groups }),
    ...(clusters === undefined ? {} : { clusters }),
  };
}

/** Without one list the other holds. */
function both<T>(
  some: readonly T[] | undefined,
  others: readonly T[] | undefined,
  meet: (one: T, other: T) => T | undefined,
): readonly T[] | undefined {
  if (some === undefined || others === undefined) return some ?? others;
  return some.flatMap((one) => others.flatMap((other) => meet(one, other) ?? []));
}

function same(one: string, other: string): string | undefined {
  return one === other ? one : undefined;
}

function narrowerStream(one: StreamScope, other: StreamScope): StreamScope | undefined {
  if (isNarrower(one, other)) return one;
  return isNarrower(other, one) ? other : undefined;
}

/** In words, for people: "streams orders (keys eu-*), groups billing"; "everywhere" without limits. */
export function scopeText(scope: Scope): string {
  const parts = DIMENSIONS.flatMap((dimension) => {
    const limit = scope[dimension];
    if (limit === undefined) return [];
    const names = limit.map((one) => (typeof one === 'string' ? nameOfCluster(one) : nameOfStream(one)));
    return [`${dimension} ${names.length === 0 ? 'none' : names.join(', ')}`];
  });
  return parts.length === 0 ? 'everywhere' : parts.join('; ');
}

function nameOfStream({ name, keyPrefix }: StreamScope): string {
  return keyPrefix === undefined ? name : `${name} (keys ${keyPrefix}*)`;
}

function nameOfCluster(name: string): string {
  return name === OWN_CLUSTER ? 'this cluster' : name;
}
