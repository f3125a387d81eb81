/**
 * The ways to reach a host. Ordinary work goes through `trusted`, which refuses any run but the one topology store
 * trusts; only looking at a host and readmitting it may go to another run.
 */
import {
  type EventHost,
  type HostIdentity,
  type HostProof,
  HostUnreachable,
  type ProgressWatch,
} from '@foreshard/core/hosts';
import { type Assessment, assess } from '@foreshard/core/readmission';
import type { Host } from '@foreshard/core/topology';

export interface HostDoors {
  /** A shared connection to the run that the topology store trusts; not to be closed. @throws HostUnreachable */
  trusted(hostId: number): Promise<EventHost>;
  /** A new connection, to one run or to whichever answers; the caller closes it. @throws HostUnreachable */
  open(
    host: Host,
    incarnation: string | undefined,
    options?: { readonly watch?: ProgressWatch },
  ): Promise<EventHost>;
  /** what this process itself has seen of the host, in any run; undefined: the topology store has no such host */
  watch(hostId: number): ProgressWatch | undefined;
}

/** What the topology store keeps as proof of one host, read anew at each call. */
export type ReadProof = (hostId: number) => Promise<HostProof | undefined>;

export type Look =
  | { readonly kind: 'answers'; readonly identity: HostIdentity; readonly assessment: Assessment }
  | { readonly kind: 'unreachable'; readonly detail: string };

/** Marks of a second; more often they do not change between two readings of the proof. */
const LOOKS_MAX = 3;

/**
 * Who answers at the address of a host, without using it for anything. A host is marked every second, so what
 * it says is held against a proof that was the same before and after: else it is looked at again.
 */
export async function lookAt(host: Host, doors: HostDoors, readProof: ReadProof): Promise<Look> {
  let proof = await readProof(host.id);
  for (let look = 1; ; look++) {
    const watch = doors.watch(host.id);
    if (proof?.generation === watch?.generation) watch?.notePromise(proof!.promise);
    const seen = watch?.seen ?? 0;
    let identity: HostIdentity;
    try {
      identity = await identify(host, doors);
    } catch (error) {
      return { kind: 'unreachable', detail: reasonOf(error) };
    }
    const assessment = ownSight(host, doors, { seen, identity }, assess(host, identity, proof));
    if (assessment.kind !== 'refused') return { kind: 'answers', identity, assessment };
    const now = await readProof(host.id).catch((error: unknown) => {
      // marks only rise: one that was too low stays so, and there may be no other look at this state of the host
      if (assessment.reason === 'regressed') return proof;
      throw error;
    });
    if (now?.next === proof?.next && now?.held === proof?.held)
      return { kind: 'answers', identity, assessment };
    if (look === LOOKS_MAX) return { kind: 'unreachable', detail: 'it is being marked' };
    proof = now;
  }
}

/**
 * This process saw it answer less than before, or in an older generation: later appends, or a newer state that was
 * put back, may hide that from everybody else. After a restart this look is the first answer that is judged, and the
 * last chance: readmission itself adds to the count.
 */
function ownSight(
  host: Host,
  doors: HostDoors,
  { seen, identity }: { readonly seen: number; readonly identity: HostIdentity },
  assessment: Assessment,
): Assessment {
  const watch = doors.watch(host.id);
  const isJudged = ['trusted', 'restarted', 'toCompare'].includes(assessment.kind);
  if (watch === undefined || !isJudged) return assessment;
  const { generation, count } = identity.progress;
  const isLess = generation === watch.generation && count < seen;
  const earlier = host.state === 'readmitting' ? undefined : watch;
  // nobody has asked it then up to where it held what was confirmed
  if (earlier?.olderGeneration !== undefined)
    return wentBack(`host ${host.id}: it answered in generation ${earlier.olderGeneration} again`, 0);
  const regression = earlier?.regression ?? (isLess ? { seen, answered: count } : undefined);
  if (regression === undefined) return assessment;
  return wentBack(
    `host ${host.id}: it answered change ${regression.answered} after ${regression.seen}`,
    watch.certainTs,
  );
}

function wentBack(detail: string, certainTs: number): Assessment {
  return { kind: 'refused', reason: 'regressed', detail, byMarks: false, certainTs };
}

async function identify(host: Host, doors: HostDoors): Promise<HostIdentity> {
  if (host.state !== 'readmitting') {
    try {
      return await (await doors.trusted(host.id)).identify();
    } catch (error) {
      if (!(error instanceof HostUnreachable) || error.reason === 'timeout') throw error;
      // refused, broken by a restart, or of another run: whoever answers there now tells it
    }
  }
  const anyRun = await doors.open(host, undefined);
  try {
    return await anyRun.identify();
  } finally {
    await anyRun.close();
  }
}

/** A server that must not be a host (wrong settings) is as good as away: the message says why. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
