/** The port to the descriptions of clusters that are not ours. */
import type { ExternalCluster } from './description.ts';

export interface ClusterStore {
  /** By name. */
  list(): Promise<ExternalCluster[]>;
  find(name: string): Promise<ExternalCluster | undefined>;
  /** Gives it a number; undefined when the name is taken. */
  add(cluster: Omit<ExternalCluster, 'number' | 'revision'>): Promise<ExternalCluster | undefined>;
  /** Replaces the description; `false` when somebody has changed it since it was `seen`. */
  save(cluster: ExternalCluster, seen: ExternalCluster): Promise<boolean>;
  remove(name: string): Promise<boolean>;
}
