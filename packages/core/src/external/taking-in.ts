/**
 * Takes measurements of an external cluster in: its load into the store, its places into the description, both or
 * neither. What is known already is left out, so the same file may come again with more at its end.
 */
import type { BlockStore } from '../telemetry/index.ts';
import type { ClusterStore } from './cluster-store.ts';
import { type ExternalCluster, NAME_MAX } from './description.ts';
import { IDS_PER_CLUSTER, streamIdOf } from './external-map.ts';
import {
  described,
  type Extent,
  extentOf,
  type HostCapacity,
  inOrder,
  type LoadRow,
  STEP_MS_MAX,
  withCapacities,
} from './load-rows.ts';
import { EXTERNAL_SOURCE, writeLoad } from './load-writer.ts';

export interface TakingIn {
  /** Keeps the description as it is then; `false` when somebody has changed it since it was `seen`. */
  readonly clusters: Pick<ClusterStore, 'save'>;
  readonly telemetry: Pick<BlockStore, 'exclusively'>;
  readonly nowMs: number;
}

export interface Measurements {
  readonly rows: readonly LoadRow[];
  readonly capacities: readonly HostCapacity[];
  /** usual distance of two measurements; found out where it is not given */
  readonly stepMs?: number;
  /** added to all times */
  readonly shiftMs: number;
  /** what was recorded before is removed */
  readonly replaces?: boolean;
}

export type TakenIn =
  | {
      readonly kind: 'taken';
      readonly cluster: ExternalCluster;
      readonly rows: number;
      /** known from an earlier import */
      readonly known: number;
      /** before what is kept */
      readonly tooOld: number;
      /** of what is new; undefined when nothing is */
      readonly extent: Extent | undefined;
    }
  /** another import is under way, or somebody has changed the cluster */
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused'; readonly detail: string };

export async function takeIn(
  { clusters, telemetry, nowMs }: TakingIn,
  seen: ExternalCluster,
  { rows, capacities, stepMs, shiftMs, replaces = false }: Measurements,
): Promise<TakenIn> {
  const name = longName(rows, capacities);
  if (name !== undefined)
    return { kind: 'refused', detail: `a name has at most ${NAME_MAX} characters, unlike "${name}"` };
  const cluster = replaces ? { ...seen, observedToMs: null, partitions: [] } : seen;
  const shifted = inOrder(rows.map((row) => ({ ...row, timeMs: row.timeMs + shiftMs })));
  const news = shifted.filter(({ timeMs }) => timeMs >= (cluster.observedToMs ?? Number.NEGATIVE_INFINITY));
  const extent = extentOf(news, stepMs ?? extentOf(shifted)?.stepMs);
  if (extent !== undefined && extent.stepMs > STEP_MS_MAX)
    return {
      kind: 'refused',
      detail: 'lines of one partition lie more than a day apart: a step is a day at most',
    };
  const future = extent === undefined ? 0 : extent.lastMs - nowMs;
  if (future > AHEAD_MAX_MS)
    return {
      kind: 'refused',
      detail: `the newest measurement lies ${Math.ceil(future / 60_000)} minutes ahead of now`,
    };
  const after =
    extent === undefined
      ? withCapacities(cluster, capacities, nowMs)
      : described({ ...cluster, shiftMs }, news, capacities, extent);
  if (isOverfull(after)) return { kind: 'refused', detail: OVERFULL };
  const known = shifted.length - news.length;
  const done = await telemetry
    .exclusively('import', async (tx) => {
      if (replaces) await tx.removeSource(streamIdOf(cluster), EXTERNAL_SOURCE);
      const tooOld = extent === undefined ? 0 : await writeLoad(after, news, extent, tx, nowMs);
      // what was written is taken back with it
      if (!(await clusters.save(after, seen))) throw new ChangedMeanwhile();
      return { tooOld };
    })
    .catch((error) => {
      if (error instanceof ChangedMeanwhile) return undefined;
      throw error;
    });
  if (done === undefined) return { kind: 'busy' };
  return { kind: 'taken', cluster: after, rows: news.length, known, extent, ...done };
}

/** Numbers of hosts and partitions are a part of ids, and there are so many of those. */
export function isOverfull({ hosts, partitions }: ExternalCluster): boolean {
  return Math.max(hosts.length, partitions.length) >= IDS_PER_CLUSTER;
}
export const OVERFULL = `a cluster has at most ${IDS_PER_CLUSTER - 1} partitions and hosts`;

/** The begin of a name that is too long; undefined: none is. */
function longName(rows: readonly LoadRow[], capacities: readonly HostCapacity[]): string | undefined {
  const row = rows.find(({ partition, host }) => Math.max(partition.length, host.length) > NAME_MAX);
  const names =
    row === undefined ? capacities.flatMap(({ name, zone }) => [name, zone]) : [row.partition, row.host];
  return names.find(({ length }) => length > NAME_MAX)?.slice(0, NAME_MAX);
}

/** Removes its load as well; forecasts of it are forgotten by their age. */
export async function forgetCluster(
  { clusters, telemetry }: { readonly clusters: ClusterStore; readonly telemetry: TakingIn['telemetry'] },
  cluster: ExternalCluster,
): Promise<boolean> {
  await telemetry.exclusively('import', (tx) => tx.removeSource(streamIdOf(cluster), EXTERNAL_SOURCE));
  return clusters.remove(cluster.name);
}

/** Clocks differ by less. */
const AHEAD_MAX_MS = 300_000;

class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
}
