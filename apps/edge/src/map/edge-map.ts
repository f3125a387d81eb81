/**
 * What the edge knows of the topology store, for the rest of the edge: the map, a route table per stream, and a way
 * to ask for news when a host says that the map is old. Both are changed in place as the topology store moves on.
 */
import type { RouteTable } from '@foreshard/core/routing';
import type { ChangeListener, TopologyMap } from '@foreshard/core/topology';

/** the stream of a path that names none */
export const MAIN_STREAM = 'main';

export interface EdgeMap {
  readonly topology: TopologyMap;
  /** REQUIRES a stream of the map. A slot found in it is good until the next await. */
  routeTable(streamId: number): RouteTable;
  /**
   * Catches up with the topology store now, or fails quietly when the topology store is away. Calls at the same time
   * share one look.
   */
  refresh(): Promise<void>;
  /** Called after the map and the route tables have taken a change; answers the function that ends it. */
  onChange(listener: ChangeListener): () => void;
}
