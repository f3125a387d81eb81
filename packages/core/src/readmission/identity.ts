/**
 * Whether the store that answers at a host's address is the one topology store means, and as far as the topology
 * store knows it to be. An empty store, an older one or another host's is never used and never filled again by
 * itself: what the topology store says is there would silently be missing.
 */
import { type HostIdentity, type HostProof, standingOf } from '../hosts/index.ts';
import type { RefusalReason } from '../machines/index.ts';
import type { Host, Regressed } from '../topology/index.ts';

export type Assessment =
  | { readonly kind: 'trusted' }
  /**
   * a comparison with the topology store suspended it; nothing else shows that it went back: another comparison
   * decides
   */
  | { readonly kind: 'toCompare'; readonly detail: string }
  /** the right store in another run: it has to be readmitted */
  | { readonly kind: 'restarted' }
  /** it went back to an older state, and a person has accepted what it lost */
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      readonly detail: string;
      readonly byMarks: boolean;
      /** the store is empty, so nobody can have been acknowledged anything by it */
      readonly foundEmpty?: boolean;
      /** no event up to it is missing, as far as the process knows that saw it go back */
      readonly certainTs?: number;
    };

/** @param proof what the topology store keeps of its marks; undefined: it was never marked */
export function assess(host: Host, found: HostIdentity, proof: HostProof | undefined): Assessment {
  if (found.hostId !== undefined && found.hostId !== host.id)
    return refused('other', `the store at the address of host ${host.id} belongs to host ${found.hostId}`);
  const accepted = acceptance(host, found);
  if (accepted !== undefined) return accepted;
  const suspended = host.readmission?.regressed;
  if (suspended !== undefined && !suspended.byMarks) {
    const { detail } = suspended;
    return mayBeWhole(host, suspended, found, proof)
      ? { kind: 'toCompare', detail }
      : { kind: 'refused', reason: 'regressed', detail, byMarks: false };
  }
  if (found.hostId === undefined)
    return {
      ...refused('regressed', `host ${host.id} came back empty: its store has no host id`),
      foundEmpty: true,
    };
  const standing = standingOf(host.generation, proof, found);
  if (standing.kind !== 'whole') return refused(standing.kind, `host ${host.id}: ${standing.detail}`);
  // events that were acknowledged in the older state are not in the newer one that was put back
  if (suspended !== undefined && suspended.foundEmpty !== true) return refused('regressed', suspended.detail);
  const trusted = host.state !== 'readmitting' && host.incarnation === found.incarnation;
  return { kind: trusted ? 'trusted' : 'restarted' };
}

/** A host in its next generation is what was accepted; one that is not in it yet, in the run that the person saw. */
function acceptance({ readmission }: Host, found: HostIdentity): Assessment | undefined {
  const accepted = readmission?.regressed?.accepted;
  if (accepted === undefined) return undefined;
  const isSameGeneration = found.progress.generation === accepted;
  return isSameGeneration || readmission?.incarnation === found.incarnation
    ? { kind: 'accepted' }
    : undefined;
}

/**
 * What was put back must not only be whole up to the loss: events were acknowledged after it, until the host was
 * suspended. So it has to hold the mark that was sent then, and to have counted what it had counted.
 */
function mayBeWhole(
  host: Host,
  { accepted, comparedAt }: Regressed,
  found: HostIdentity,
  proof: HostProof | undefined,
): boolean {
  if (accepted !== undefined || comparedAt === undefined || found.hostId !== host.id) return false;
  return found.progress.count >= comparedAt && standingOf(host.generation, proof, found).kind === 'whole';
}

function refused(reason: RefusalReason, detail: string) {
  return { kind: 'refused', reason, detail, byMarks: true } as const;
}
