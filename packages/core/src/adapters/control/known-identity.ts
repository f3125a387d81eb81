/**
 * Which cluster this is, for answers that never wait for PostgreSQL: what was read last. The id never changes and the name
 * seldom does, so it is read again once a minute.
 */
import type { ClusterIdentity, ClusterIdentityStore } from '../../topology/index.ts';
import { within } from '../deadline/index.ts';

const FRESH_MS = 60_000;
/** of the first answer; later ones never wait */
const PATIENCE_MS = 500;

/** Undefined: it was not read yet. Never fails. */
export type KnownIdentity = () => Promise<ClusterIdentity | undefined>;

export function knownIdentity(store: Pick<ClusterIdentityStore, 'read'>, nowMs: () => number): KnownIdentity {
  let known: { readonly identity: ClusterIdentity; readonly atMs: number } | undefined;
  let reading: Promise<void> | undefined;
  async function read(): Promise<void> {
    try {
      known = { identity: await store.read(), atMs: nowMs() };
    } catch {
      // the next one who asks tries again
    } finally {
      reading = undefined;
    }
  }
  return async () => {
    if (known === undefined || nowMs() - known.atMs > FRESH_MS) reading ??= read();
    if (known === undefined && reading !== undefined)
      await within(PATIENCE_MS, reading, 'not read yet').catch(() => {});
    return known?.identity;
  };
}
