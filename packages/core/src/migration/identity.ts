/**
 * Whether the store that answers at a host's address is the one T means. An empty store or another host's
 * is never used and never filled again by itself: what T says is there would silently be missing.
 */
import type { HostIdentity } from '../hosts/index.ts';
import type { Host } from '../topology/index.ts';
import type { RefusalReason } from './machine.ts';

export type Assessment =
  | { readonly kind: 'trusted' }
  /** the right store in another run: it has to be readmitted */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string };

export function assess(host: Host, found: HostIdentity): Assessment {
  if (found.hostId === undefined)
    return {
      kind: 'refused',
      reason: 'empty',
      detail: `the store of host ${host.id} has no host id: it is empty`,
    };
  if (found.hostId !== host.id)
    return {
      kind: 'refused',
      reason: 'other',
      detail: `the store at the address of host ${host.id} belongs to host ${found.hostId}`,
    };
  const trusted = host.state !== 'readmitting' && host.incarnation === found.incarnation;
  return { kind: trusted ? 'trusted' : 'restarted' };
}
