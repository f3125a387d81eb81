/** Takes in load that came over the API, and tells what would be recommended: an edge hands both to a worker. */
import type { InquiryAnswerers } from '@foreshard/core/adapters/control';
import type { PolicyStore, RecommendationLog } from '@foreshard/core/advising';
import {
  addCluster,
  type ClusterOperator,
  type ClusterStore,
  importLoad,
  type ObserveClusterParts,
  planCluster,
  readLoadCsv,
} from '@foreshard/core/external';
import { documentOf } from '@foreshard/core/planning';

export interface ClusterAnswering extends ObserveClusterParts {
  readonly clusters: Pick<ClusterStore, 'find'>;
  readonly operator: (actor: string) => ClusterOperator;
  readonly policies: PolicyStore;
  readonly recommendations: RecommendationLog;
}

export type ClusterAnswerers = Pick<InquiryAnswerers, 'addCluster' | 'importLoad' | 'planCluster'>;

const NOTIFIED_MAX = 1_000;

export function clusterAnswerers(parts: ClusterAnswering): ClusterAnswerers {
  return {
    async addCluster({ name, order, actor }) {
      const { load, prometheus: source = null, hosts: capacities, webhook, shift, stepSeconds } = order;
      const read = load === undefined ? NOTHING : readLoadCsv(load);
      if (read.kind === 'faulty') return read;
      const { rows } = read;
      const request = { name, source, webhook, rows, capacities, shift, ...stepOf(stepSeconds) };
      return addCluster(parts.operator(actor), request);
    },
    async importLoad({ name, order, actor }) {
      const { load, shift, stepSeconds, replace: replaces } = order;
      const read = readLoadCsv(load);
      if (read.kind === 'faulty') return read;
      const news = { rows: read.rows, capacities: [], shift, replaces, ...stepOf(stepSeconds) };
      return importLoad(parts.operator(actor), name, news);
    },
    async planCluster({ name, withState }) {
      const cluster = await parts.clusters.find(name);
      if (cluster === undefined) return { kind: 'unknown' };
      const { policy } = await parts.policies.at(parts.nowMs());
      const running = { cluster: name, states: ['running'], limit: NOTIFIED_MAX } as const;
      const made = await planCluster(parts, cluster, policy, await parts.recommendations.list(running));
      if (made.kind === 'not-planned') return made;
      const { kind, state, plan } = made;
      return { kind, document: documentOf(plan, policy), state: withState ? state : null };
    },
  };
}

const NOTHING = { kind: 'read', rows: [] } as const;

function stepOf(seconds: number | undefined) {
  return seconds === undefined ? {} : { stepMs: seconds * 1_000 };
}
