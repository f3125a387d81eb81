/** The port to the descriptions of clusters that are not ours. */
import type { ExternalCluster } from './description.ts';

export interface ClusterStore {
  /** By name. */
  list(): Promise<ExternalCluster[]>;
  find(name: string): Promise<ExternalCluster | undefined>;
  /** Of the next cluster that is added; never given twice, so one that is not used is lost. */
  nextNumber(): Promise<number>;
  /** `false` when the name is taken. */
  add(cluster: ExternalCluster): Promise<boolean>;
  /** Replaces the description; `false` when somebody has changed it since it was `seen`. */
  save(cluster: ExternalCluster, seen: ExternalCluster): Promise<boolean>;
  remove(name: string): Promise<boolean>;
}
