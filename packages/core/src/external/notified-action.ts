/** An approved recommendation as it is told to whoever runs the cluster, and whether what was asked for has come true. */
import type { ClusterState, Recommendation } from '../planning/index.ts';
import type { ExternalCluster } from './description.ts';

export interface NotifiedAction {
  readonly type: `foreshard.action.${string}`;
  readonly timestamp: string;
  readonly data: {
    readonly cluster: string;
    readonly recommendation: number;
    readonly action: Recommendation['action'];
    readonly partitions: readonly string[];
    readonly source: string | null;
    readonly destination: string | null;
    readonly reason: string;
    readonly approvedBy: string;
  };
}

export interface Approved {
  readonly id: number;
  readonly cluster: string;
  readonly body: Recommendation;
  readonly decidedBy: string | null;
}

export function actionOf({ id, cluster, body, decidedBy }: Approved, nowMs: number): NotifiedAction {
  const { action, shardlets, source, destination, reason } = body;
  return {
    type: `foreshard.action.${action}`,
    timestamp: new Date(nowMs).toISOString(),
    data: {
      ...{ cluster, recommendation: id, action, partitions: shardlets, source, destination, reason },
      approvedBy: decidedBy ?? 'unknown',
    },
  };
}

/** What was told, as the planner asks for it. */
export type Notified = Pick<Approved, 'body'>;

/** Moves that were told and are not seen yet: the planner counts them at their destination. */
export function inFlight(
  notified: readonly Notified[],
  { partitions, hosts }: Pick<ExternalCluster, 'partitions' | 'hosts'>,
): ClusterState['moves'] {
  const places = new Map(partitions.map(({ name, host }) => [name, host]));
  const known = new Set(hosts.map(({ name }) => name));
  return notified.flatMap(({ body: { action, shardlets, destination } }) => {
    const shardlet = shardlets[0] ?? '';
    const from = places.get(shardlet);
    if (action !== 'move' || from === undefined || destination === null || !known.has(destination)) return [];
    return from === destination ? [] : [{ shardlet, from, to: destination }];
  });
}

/** By what was observed last; `before`: the cluster had so many hosts when it was told. */
export function hasComeTrue(
  { body }: Notified,
  { partitions, hosts, hostsChangedMs }: ExternalCluster,
  notifiedMs: number,
): boolean {
  const { action, shardlets, source, destination } = body;
  switch (action) {
    case 'move':
      return partitions.some(({ name, host }) => name === shardlets[0] && host === destination);
    case 'add-hosts':
      return hostsChangedMs !== null && hostsChangedMs >= notifiedMs;
    case 'remove-host':
      return !hosts.some(({ name }) => name === source) || !partitions.some(({ host }) => host === source);
    default:
      return false;
  }
}
