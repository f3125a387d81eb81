/**
 * What a caller may append, worked out once when its grants are read: a request then costs one look-up, and its
 * events none, unless the grants are limited to keys.
 *
 * Law, checked by a property test: the same as `allows` says of each stream and key.
 */
import { allows, type Grant } from '@foreshard/core/access';
import { events } from '@foreshard/core/operations';

/** A list: keys that begin with one of these. */
export type PermittedKeys = 'all' | 'none' | readonly string[];
export type AppendRights = (stream: string) => PermittedKeys;

const { permission: APPENDING } = events.ingest;

export function appendRights(grants: readonly Grant[]): AppendRights {
  if (allows(grants, APPENDING)) return () => 'all';
  const byStream = new Map<string, 'all' | string[]>();
  for (const { permissions, scope } of grants) {
    if (!permissions.includes(APPENDING)) continue;
    for (const { name, keyPrefix } of scope.streams ?? []) {
      const known = byStream.get(name) ?? [];
      if (keyPrefix === undefined || known === 'all') byStream.set(name, 'all');
      else byStream.set(name, [...known, keyPrefix]);
    }
  }
  return (stream) => byStream.get(stream) ?? 'none';
}
