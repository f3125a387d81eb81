/**
 * Whether this topology store is the only one over its hosts, and how it takes them over. A control plane marks its
 * hosts every second, so a host that gets marks that are not this topology store's has another one, which is alive:
 * two of them would decide over the same hosts. Once taken over, the hosts hold marks that only this topology store
 * knows, so the other one, should it come back, finds them foreign and decides nothing.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type HostIdentity,
  type HostProof,
  type HostProofStore,
  type HostStanding,
  isOnTop,
  type MarkReply,
  markAfter,
  standingOf,
} from '@foreshard/core/hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import type { Host } from '@foreshard/core/topology';
import { connectHost } from '../../composition.ts';
import { CommandFailure } from '../../failure.ts';
import type { Survey } from './survey.ts';

/** Three marks of a control plane that is alive. */
const WATCH_MS = 3_000;

type Proofs = ReadonlyMap<number, HostProof>;
type Marked = Pick<HostIdentity, 'mark' | 'markPromise' | 'progress'>;
type Surveyed = Extract<Survey, { kind: 'surveyed' }>;

/** @throws CommandFailure when another control plane marks a host, or a host does not answer again */
export async function insistOnBeingAlone(
  surveys: readonly Survey[],
  proofs: Pick<HostProofStore, 'proofs'>,
): Promise<ReadonlyMap<number, Marked>> {
  await sleep(WATCH_MS);
  const surveyed = surveys.filter((s) => s.kind === 'surveyed');
  const now = await Promise.all(surveyed.map(async (s) => [s.host, await marksOf(s)] as const));
  // read after the hosts: this topology store's own worker may go on marking
  const known = await proofs.proofs();
  const marks = new Map(now);
  const used = surveyed.find((s) => isUsedByAnother(s, marks.get(s.host)!, known.get(s.host)));
  if (used === undefined) return marks;
  throw isAlive(used.host, marks.get(used.host)!.mark);
}

async function marksOf({ url, host }: Surveyed): Promise<Marked> {
  const opened = await connectHost(url);
  try {
    return await opened.identify();
  } catch (error) {
    throw new CommandFailure(`host ${host} cannot be examined: ${(error as Error).message}`);
  } finally {
    await opened.close();
  }
}

export function isUsedByAnother(
  { mark }: Pick<Surveyed, 'mark'>,
  now: Pick<Marked, 'mark'>,
  proof: HostProof | undefined,
): boolean {
  return now.mark !== mark && now.mark !== proof?.held && now.mark !== proof?.next;
}

export function standingsOf(
  hosts: readonly Host[],
  surveys: readonly Survey[],
  proofs: Proofs,
): ReadonlyMap<number, HostStanding> {
  const surveyed = surveys.filter((s) => s.kind === 'surveyed');
  return new Map(
    surveyed.map((survey) => {
      const generation = hosts.find(({ id }) => id === survey.host)?.generation ?? survey.generation;
      return [survey.host, standingOf(generation, proofs.get(survey.host), survey)];
    }),
  );
}

/**
 * The rows of hosts that are in a newer generation than the topology store knows: their loss was accepted after the
 * backup.
 */
export function renewedHosts(hosts: readonly Host[], surveys: readonly Survey[]): Host[] {
  return hosts.flatMap((host) => {
    const survey = surveys.find((s) => s.kind === 'surveyed' && s.host === host.id);
    const generation = survey?.kind === 'surveyed' ? survey.generation : 0;
    return generation > host.generation ? [{ ...host, generation }] : [];
  });
}

/**
 * This topology store's worker replaces the next mark about once a second, and the doctor writes between two of its
 * changes.
 */
const TAKING_ATTEMPTS = 5;

/**
 * From here on the hosts hold marks that only this topology store knows. A host that went back stays what it is: its
 * proof is what shows it.
 *
 * @param examined the proofs that the standings come from
 * @returns false when the topology store has another view of what a host holds than `examined`: nobody may take it
 * over twice
 * @throws CommandFailure when another control plane was faster
 */
export async function takeOver(
  store: Pick<HostProofStore, 'proofs' | 'replace'>,
  foreign: ReadonlyMap<number, Marked>,
  examined: Proofs,
  send: (proof: HostProof) => Promise<MarkReply>,
  taker: string = randomBytes(6).toString('hex'),
): Promise<boolean> {
  const left = new Map(foreign);
  const taken: HostProof[] = [];
  for (let attempt = 1; left.size > 0; attempt++) {
    const changes = takingOver(left, await store.proofs(), taker);
    const isOther = changes.some(({ before, after }) => before?.held !== examined.get(after.host)?.held);
    if (isOther || attempt > TAKING_ATTEMPTS) return false;
    const written = await store.replace(changes);
    taken.push(...changes.map(({ after }) => after).filter(({ host }) => written.has(host)));
    for (const host of written) left.delete(host);
  }
  for (const proof of taken) {
    const reply = await send(proof);
    if (reply.kind === 'otherMark') await insistOnOwn(store, proof.host, reply.mark);
  }
  return true;
}

/** This topology store's worker may have been faster, once it found the host's mark in the topology store. */
async function insistOnOwn(store: Pick<HostProofStore, 'proofs'>, host: number, mark: string): Promise<void> {
  const proof = (await store.proofs()).get(host);
  if (proof === undefined || !(mark === proof.held || isOnTop(proof, mark))) throw isAlive(host, mark);
}

export function takingOver(
  foreign: ReadonlyMap<number, Marked>,
  proofs: Proofs,
  taker: string,
): { readonly before: HostProof | undefined; readonly after: HostProof }[] {
  return [...foreign].map(([host, { mark: held, markPromise, progress }]) => {
    const before = proofs.get(host);
    const next = markAfter([held, before?.next ?? ''], `${taker}-1`);
    const promise = Math.max(before?.promise ?? 0, markPromise);
    // promises of before say nothing of what another control plane did meanwhile, and its processes are not this
    // topology store's
    const after = { host, held, next, ...progress, promise, earlier: [], writers: [taker] };
    return { before, after };
  });
}

/** The hosts to take over, with the marks they hold. */
export function foreignOf(
  marks: ReadonlyMap<number, Marked>,
  standings: ReadonlyMap<number, HostStanding>,
): ReadonlyMap<number, Marked> {
  return new Map([...marks].filter(([host]) => standings.get(host)?.kind === 'foreign'));
}

/** As the worker does it, once the topology store has the pair. */
export async function sendMark(proof: HostProof, surveys: readonly Survey[]): Promise<MarkReply> {
  const { host, held, next } = proof;
  const survey = surveys.find((s) => s.kind === 'surveyed' && s.host === host);
  if (survey?.kind !== 'surveyed') throw new CommandFailure(`host ${host} was not examined`);
  const opened = await connectHost(survey.url);
  try {
    return await opened.mark(held, next, Date.now() * MICROS_PER_MS, 0);
  } finally {
    await opened.close();
  }
}

function isAlive(host: number, mark: string): CommandFailure {
  return new CommandFailure(
    `another control plane is alive on host ${host}: it gave it mark ${mark} just now. Stop it first, or leave the hosts to it; the topology store stays closed`,
  );
}
