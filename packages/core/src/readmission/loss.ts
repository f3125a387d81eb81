/**
 * What accepting the loss of a host means, shardlet by shardlet, before a person accepts it. It is judged by the
 * rules of the readmission that follows, so what is shown is what the topology store will note.
 *
 * What was acknowledged after the host's last mark, at most about a second, nobody but the producers knows:
 * `atRisk` counts what is known to have been there.
 */
import type { EventHost, HostProofStore, ReplicaDetails, ReplicaInfo, Stale } from '../hosts/index.ts';
import {
  type Host,
  isAtSource,
  isItsCopy,
  type Refusal,
  type Regressed,
  type Shardlet,
  TopologyMap,
  type TopologyStore,
} from '../topology/index.ts';
import { certainSeqOf, isReadable, isWhole, remnantOf } from './remnant.ts';

export interface ShardletLoss {
  readonly shardlet: number;
  readonly stream: string;
  readonly takesAppends: boolean;
  /** last seq that was known before the host went back; undefined: nobody noted it */
  readonly lastSeqBefore: number | undefined;
  /** last seq on the host now; undefined: the host has nothing of it */
  readonly lastSeqNow: number | undefined;
  /** no event up to it was lost or replaced */
  readonly certainSeq: number;
  /** events above the certain seq: lost, or replaced by others of the same number */
  readonly atRisk: number;
}

export interface LossReview {
  readonly host: number;
  readonly name: string;
  /** the run that was looked at: the loss of another one has to be reviewed anew */
  readonly incarnation: string;
  /** what shows that the host went back */
  readonly detail: string;
  /** undefined: the change log does not reach back so far */
  readonly sinceMs: number | undefined;
  readonly isAccepted: boolean;
  /** those with something at risk or absent, by number */
  readonly shardlets: readonly ShardletLoss[];
  /** shardlets on the host that lose nothing */
  readonly whole: number;
  readonly absent: number;
  /** over all shardlets */
  readonly atRisk: number;
  readonly consequences: readonly string[];
}

/** What the host answered about one shardlet. */
export interface FoundRemnant {
  readonly info: ReplicaInfo;
  readonly details: ReplicaDetails | Stale;
  readonly certainSeq: number;
}

export type SuspendedHost = Host & {
  readonly readmission: NonNullable<Host['readmission']> & { readonly regressed: Regressed };
};

export interface LossSources {
  readonly topology: Pick<TopologyStore, 'snapshot' | 'changesAfter'>;
  readonly proofs: Pick<HostProofStore, 'remembered'>;
  /** one run of a host, also one that nobody trusts. @throws HostUnreachable */
  readonly onRun: <T>(host: Host, use: (opened: EventHost) => Promise<T>) => Promise<T>;
}

const LIST_PAGE = 1_000;
const CALLS_AT_ONCE = 64;

/** @throws HostUnreachable */
export async function reviewLoss(sources: LossSources, id: number): Promise<LossReview | Refusal> {
  const map = new TopologyMap(await sources.topology.snapshot());
  const host = map.host(id);
  if (host === undefined) return { reason: 'unknown', detail: `no host ${id}` };
  if (!isSuspended(host))
    return { reason: 'not_allowed', detail: `host ${id} has not gone back to an older state` };
  const found = await sources.onRun(host, (opened) => remnantsOn(opened, map, host));
  if ('reason' in found) return found;
  const { since } = host.readmission;
  const [first] = await sources.topology.changesAfter(since - 1, 1);
  const sinceMs = first?.version === since ? first.at : undefined;
  return { ...lossOf(map, host, found, await sources.proofs.remembered(id)), sinceMs };
}

export function isSuspended(host: Host): host is SuspendedHost {
  return host.readmission?.regressed !== undefined;
}

async function remnantsOn(
  opened: EventHost,
  map: TopologyMap,
  { id, readmission }: SuspendedHost,
): Promise<ReadonlyMap<number, FoundRemnant> | Refusal> {
  const { incarnation } = await opened.identify();
  if (incarnation !== readmission.incarnation)
    return { reason: 'changed', detail: `host ${id} has restarted since it was suspended: review it again` };
  const { certainTs } = readmission.regressed;
  const infos = (await listed(opened)).filter((info) => map.shardlet(info.shardlet)?.owner === id);
  const found = new Map<number, FoundRemnant>();
  for (let at = 0; at < infos.length; at += CALLS_AT_ONCE) {
    const batch = infos.slice(at, at + CALLS_AT_ONCE).filter(isReadable);
    for (const remnant of await Promise.all(batch.map((info) => look(opened, info, certainTs))))
      found.set(remnant.info.shardlet, remnant);
  }
  return found;
}

async function listed(opened: EventHost): Promise<ReplicaInfo[]> {
  const all: ReplicaInfo[] = [];
  for (let after = 0; ; after = all.at(-1)!.shardlet) {
    const page = await opened.list(after, LIST_PAGE);
    all.push(...page);
    if (page.length < LIST_PAGE) return all;
  }
}

async function look(opened: EventHost, info: ReplicaInfo, certainTs: number): Promise<FoundRemnant> {
  const [details, sought] = await Promise.all([
    opened.describe(info.shardlet),
    opened.seek(info.shardlet, certainTs),
  ]);
  return { info, details, certainSeq: certainSeqOf(sought) };
}

/** `remembered`: last seqs by shardlet, from before the host went back. */
export function lossOf(
  map: TopologyMap,
  host: SuspendedHost,
  found: ReadonlyMap<number, FoundRemnant>,
  remembered: ReadonlyMap<number, number>,
): Omit<LossReview, 'sinceMs'> {
  const { incarnation, regressed } = host.readmission;
  const owned = [...map.shardlets()].filter((s) => s.owner === host.id && s.state.kind !== 'gone');
  const shardlets = owned
    .filter((s) => !isSafe(map, s, found.get(s.id), regressed.certainTs))
    .map((s) => lossOfShardlet(map, s, found.get(s.id), remembered.get(s.id)))
    .filter(({ atRisk, lastSeqNow }) => atRisk > 0 || lastSeqNow === undefined)
    .sort((a, b) => a.shardlet - b.shardlet);
  const atRisk = shardlets.reduce((sum, s) => sum + s.atRisk, 0);
  const absent = shardlets.filter((s) => s.lastSeqNow === undefined).length;
  return {
    ...{ host: host.id, name: host.name, incarnation, detail: regressed.detail },
    isAccepted: regressed.accepted !== undefined,
    ...{ shardlets, whole: owned.length - shardlets.length, absent, atRisk },
    consequences: consequencesOf(shardlets, absent),
  };
}

function isSafe(
  map: TopologyMap,
  shardlet: Shardlet,
  found: FoundRemnant | undefined,
  certainTs: number,
): boolean {
  if (isWhole(shardlet, found?.info, certainTs)) return true;
  const isThere = found !== undefined && isItsCopy(shardlet, { held: true, epoch: found.info.epoch });
  return !isThere && isAtSource(map, shardlet);
}

function lossOfShardlet(
  map: TopologyMap,
  shardlet: Shardlet,
  found: FoundRemnant | undefined,
  remembered: number | undefined,
): ShardletLoss {
  const { id, stream, state } = shardlet;
  const { held, certainSeq, lastSeq } = remnantOf(id, found?.details, found?.certainSeq ?? 0);
  const lastSeqBefore = knownBefore(shardlet, remembered);
  return {
    ...{ shardlet: id, stream: map.stream(stream)?.name ?? String(stream) },
    takesAppends: state.kind === 'open' || state.kind === 'moving' || state.kind === 'opening',
    ...{ lastSeqBefore, lastSeqNow: held ? lastSeq : undefined, certainSeq },
    atRisk: Math.max(lastSeqBefore ?? 0, lastSeq) - certainSeq,
  };
}

/** The topology store knows where a closed shardlet ends; of the others the worker kept what the host last told. */
function knownBefore({ state }: Shardlet, remembered: number | undefined): number | undefined {
  if ('finalSeq' in state) return state.finalSeq;
  if (state.kind === 'opening' && state.job.kind === 'migrate')
    return Math.max(state.job.finalSeq, remembered ?? 0);
  return remembered;
}

function consequencesOf(shardlets: readonly ShardletLoss[], absent: number): string[] {
  if (shardlets.length === 0)
    return [
      'No loss is known. Events acknowledged in the last second before the host went back may be missing.',
    ];
  const starts = absent === 0 ? [] : ['Shardlets that are absent start again, empty, from number 1.'];
  return [
    'Events above the last certain number are lost, or were replaced by others. Events acknowledged in the last second before the host went back may be missing as well.',
    ...starts,
    'Numbers above it are given out again: an event number may have named another event before.',
    'Consumer groups and readers that were past it are set back to it, and read what follows again.',
    'It cannot be undone. If a newer copy of the data of this host exists, start the host on that copy first.',
  ];
}
