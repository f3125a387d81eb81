/** Keeps the load of a cluster up to date from where it is read. What goes wrong stands in the description. */
import type { ClusterStore } from './cluster-store.ts';
import type { ExternalCluster, PrometheusSource } from './description.ts';
import type { LoadRow } from './load-rows.ts';
import { type TakingIn, takeIn } from './taking-in.ts';

export type ReadSource = (
  source: PrometheusSource,
  range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
) => Promise<readonly LoadRow[]>;

export interface Following extends TakingIn {
  readonly clusters: Pick<ClusterStore, 'save' | 'find'>;
  readonly read: ReadSource;
}

/** Load is read by the minute, and a minute later than it came, so that scrapes have come in. */
export const SOURCE_STEP_MS = 60_000;
const LATE_MS = 60_000;
/** More than the models look back at steps of five minutes; older load is asked for once, at the begin. */
export const PAST_MS = 7 * 86_400_000;

/** The cluster as it is known then. */
export async function refreshed(parts: Following, cluster: ExternalCluster): Promise<ExternalCluster> {
  const { source, name } = cluster;
  if (source === null) return cluster;
  const toMs = Math.floor((parts.nowMs - LATE_MS) / SOURCE_STEP_MS) * SOURCE_STEP_MS;
  const fromMs = Math.max(cluster.observedToMs ?? 0, toMs - PAST_MS);
  if (fromMs >= toMs) return cluster;
  const problem = await taken(parts, cluster, source, { fromMs, toMs, stepMs: SOURCE_STEP_MS });
  const now = (await parts.clusters.find(name)) ?? cluster;
  if (now.problem === problem) return now;
  await parts.clusters.save({ ...now, problem }, now);
  return (await parts.clusters.find(name)) ?? now;
}

/** What went wrong; null: nothing. */
async function taken(
  parts: Following,
  cluster: ExternalCluster,
  source: PrometheusSource,
  range: Parameters<ReadSource>[1],
): Promise<string | null> {
  try {
    const rows = await parts.read(source, range);
    if (rows.length === 0) return 'the query gives no series';
    const reply = await takeIn(parts, cluster, { rows, capacities: [], stepMs: SOURCE_STEP_MS, shiftMs: 0 });
    return reply.kind === 'refused' ? reply.detail : null;
  } catch (error) {
    return (error as Error).message;
  }
}
