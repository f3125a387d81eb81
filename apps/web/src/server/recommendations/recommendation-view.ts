/** A recommendation as the console shows it: in words, with the names of hosts, and whether it can be approved. */
import {
  OWN_CLUSTER,
  obstacleTo,
  type RecommendationRecord,
  type Terms,
  termsFor,
} from '@foreshard/core/advising';
import type { Policy, Recommendation } from '@foreshard/core/planning';
import type { TopologyMap } from '@foreshard/core/topology';

export interface RecommendationView extends RecommendationRecord {
  readonly title: string;
  readonly sourceName: string | null;
  readonly destinationName: string | null;
  /** why nobody can approve it now; null: it can be approved */
  readonly obstacle: string | null;
  readonly mode: Terms['mode'];
  readonly windows: Terms['migration_window'];
}

export function recommendationView(
  map: TopologyMap,
  policy: Policy,
  record: RecommendationRecord,
): RecommendationView {
  const { body, cluster } = record;
  const { mode, migration_window: windows } = termsFor(policy, record);
  // hosts of others come with their names
  const nameOf = (id: string | null) => (cluster === OWN_CLUSTER ? hostName(map, id) : id);
  // their places too are told by name
  const alternatives = body.alternatives.map((one) => ({ ...one, host: nameOf(one.host) ?? one.host }));
  return {
    ...record,
    body: { ...body, alternatives },
    title: cluster === OWN_CLUSTER ? titleOf(body) : titleOf(body).replace('shardlet', 'partition'),
    ...placesOf(body, nameOf),
    obstacle: obstacleTo(record, policy) ?? null,
    mode,
    windows,
  };
}

/** The names of the hosts it goes from and to. */
export function placesOf(body: Recommendation, nameOf: (id: string | null) => string | null) {
  return {
    sourceName: nameOf(body.source),
    // where hosts are asked for stands a zone
    destinationName: body.action === 'add-hosts' ? null : nameOf(body.destination),
  };
}

export function hostName(map: TopologyMap, id: string | null): string | null {
  return id === null ? null : (map.host(Number(id))?.name ?? `host ${id}`);
}

export function titleOf(body: Recommendation): string {
  const [first, second] = body.shardlets;
  switch (body.action) {
    case 'move':
      return `Move shardlet ${first}`;
    case 'split':
      return `Split shardlet ${first}`;
    case 'split-below-key':
      return `Split shardlet ${first} below its hottest key`;
    case 'roll':
      return `Roll shardlet ${first}`;
    case 'merge':
      return `Merge shardlets ${first} and ${second}`;
    case 'add-hosts':
      return body.hosts === undefined || body.hosts === 1 ? 'Add a host' : `Add ${body.hosts} hosts`;
    case 'remove-host':
      return 'Drain a host and remove it';
  }
}

const URGENCIES = ['now', 'soon', 'when-convenient'];

/** What is under way first, then the most urgent; within that in the order of the plan. */
export function byUrgency(a: RecommendationRecord, b: RecommendationRecord): number {
  const rank = ({ state, body }: RecommendationRecord) =>
    state === 'open' ? 1 + URGENCIES.indexOf(body.urgency) : 0;
  return rank(a) - rank(b) || a.body.step - b.body.step;
}
