/**
 * Whether a restored topology store has lost decisions that reached a host. It has not when every host answers,
 * nothing on any host is younger than the topology store, what the topology store calls open is open there at its
 * epoch, and every other replica has its explanation in the topology store. Then the topology store may go on as it
 * is; otherwise a person has to look.
 */
import type { Shardlet, Topology } from '@foreshard/core/topology';
import type { Found, Survey } from './survey.ts';

export interface Discrepancy {
  readonly kind: 'silent' | 'younger' | 'floor' | 'notOpen' | 'unexplained';
  readonly host: number;
  readonly shardlet?: number;
  readonly detail: string;
}

export interface Comparison {
  readonly discrepancies: readonly Discrepancy[];
  /** of all versions, epochs and floors, in the topology store and on hosts */
  readonly highestVersion: number;
  readonly highestShardlet: number;
  readonly highestStream: number;
  readonly highestHost: number;
}

export function compare(topology: Topology, surveys: readonly Survey[]): Comparison {
  const found = surveys.flatMap((s) => (s.kind === 'surveyed' ? s.replicas : []));
  const isExplained = explanationsOf(topology);
  const discrepancies = [
    ...surveys.flatMap((survey) => ofHost(survey, topology.version)),
    ...found.flatMap((replica) => ofReplica(replica, topology.version, isExplained)),
    ...openElsewhere(topology, found),
  ];
  const floors = surveys.map((s) => (s.kind === 'surveyed' ? s.createFloor : 0));
  return {
    discrepancies,
    highestVersion: highest([topology.version, ...floors, ...found.map((r) => r.epoch)]),
    highestShardlet: highest([...topology.shardlets.map((s) => s.id), ...found.map((r) => r.shardlet)]),
    highestStream: highest([
      ...topology.streams.map((s) => s.id),
      ...found.map((r) => r.details?.stream ?? 0),
    ]),
    highestHost: highest([...topology.hosts.map((h) => h.id), ...surveys.map((s) => s.host)]),
  };
}

function ofHost(survey: Survey, version: number): Discrepancy[] {
  const { host } = survey;
  if (survey.kind === 'silent')
    return [{ kind: 'silent', host, detail: `host ${host} cannot be examined: ${survey.reason}` }];
  // the floor of a topology store at rest is the version it will make next
  if (survey.createFloor <= version + 1) return [];
  return [{ kind: 'floor', host, detail: `host ${host} was told of version ${survey.createFloor - 1}` }];
}

function ofReplica(replica: Found, version: number, isExplained: Explained): Discrepancy[] {
  const { host, shardlet, epoch, mode } = replica;
  const what = `${mode === 'dropped' ? 'a tombstone' : `a replica (${mode})`} of shardlet ${shardlet} at epoch ${epoch}`;
  if (epoch > version) return [{ kind: 'younger', host, shardlet, detail: `host ${host} has ${what}` }];
  if (mode === 'dropped' || isExplained(replica)) return [];
  return [
    {
      kind: 'unexplained',
      host,
      shardlet,
      detail: `host ${host} has ${what}, which the topology store does not know`,
    },
  ];
}

function openElsewhere({ shardlets, hosts }: Topology, found: readonly Found[]): Discrepancy[] {
  const open = new Set(found.filter((r) => r.mode === 'open').map((r) => keyOf(r.host, r.shardlet, r.epoch)));
  const known = new Set(hosts.map((h) => h.id));
  return shardlets
    .filter((s) => s.state.kind === 'open' && known.has(s.owner))
    .filter((s) => !open.has(keyOf(s.owner, s.id, s.epoch)))
    .map(({ id, owner, epoch }) => ({
      kind: 'notOpen',
      host: owner,
      shardlet: id,
      detail: `shardlet ${id} is not open on host ${owner} at epoch ${epoch}, as the topology store says`,
    }));
}

type Explained = (replica: Found) => boolean;

/** The replicas that the topology store's rows account for; of what is to be raised, also as it was before. */
function explanationsOf(topology: Topology): Explained {
  const places = new Set(topology.garbage.map((g) => keyOf(g.host, g.shardlet, g.epoch)));
  const raised = new Set<string>();
  for (const shardlet of topology.shardlets) {
    const { id, owner, state } = shardlet;
    for (const [host, epoch] of placesOf(shardlet)) places.add(keyOf(host, id, epoch));
    if (state.kind === 'opening' && state.job.kind === 'raise') raised.add(keyOf(owner, id, 0));
  }
  return ({ host, shardlet, epoch }) =>
    places.has(keyOf(host, shardlet, epoch)) || raised.has(keyOf(host, shardlet, 0));
}

function placesOf({ owner, epoch, state }: Shardlet): [host: number, epoch: number][] {
  const own: [number, number][] = [[owner, epoch]];
  if (state.kind === 'moving' || state.kind === 'closedMoving')
    return [...own, [state.dest, state.nextEpoch]];
  if (state.kind === 'opening' && state.job.kind === 'migrate')
    return [...own, [state.job.source, state.job.sourceEpoch]];
  return state.kind === 'gone' ? [] : own;
}

function keyOf(host: number, shardlet: number, epoch: number): string {
  return `${host}/${shardlet}/${epoch}`;
}

function highest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
