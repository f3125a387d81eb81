/**
 * One route table a stream, kept equal to the map: each change of the topology store that ends or makes leaves is
 * merged into the tables it concerns.
 */
import { invariant } from '@foreshard/core/kernel';
import { RouteTable } from '@foreshard/core/routing';
import { type Change, isLeaf, type Shardlet, type TopologyMap } from '@foreshard/core/topology';

interface LeafChange {
  readonly before: Shardlet[];
  readonly after: Shardlet[];
}

export class StreamTables {
  private readonly tables = new Map<number, RouteTable>();

  constructor(map: TopologyMap) {
    for (const stream of map.streams()) this.tables.set(stream.id, new RouteTable(map.leaves(stream.id)));
  }

  of(streamId: number): RouteTable {
    const table = this.tables.get(streamId);
    invariant(table !== undefined, `no route table of stream ${streamId}`);
    return table;
  }

  /** `before`: what the shardlets of the change were, as TopologyMap tells its listeners. */
  apply(change: Change, before: readonly (Shardlet | undefined)[]): void {
    for (const id of change.streamsRemoved) this.tables.delete(id);
    for (const { id } of change.streams) if (!this.tables.has(id)) this.tables.set(id, new RouteTable([]));
    for (const [stream, leaves] of leafChanges(change, before)) {
      this.tables.get(stream)?.apply(leaves.before, leaves.after);
    }
  }
}

function leafChanges(change: Change, before: readonly (Shardlet | undefined)[]): Map<number, LeafChange> {
  const byStream = new Map<number, LeafChange>();
  change.shardlets.forEach((shardlet, i) => {
    let leaves = byStream.get(shardlet.stream);
    if (leaves === undefined) byStream.set(shardlet.stream, (leaves = { before: [], after: [] }));
    const old = before[i];
    if (old !== undefined && isLeaf(old)) leaves.before.push(old);
    if (isLeaf(shardlet)) leaves.after.push(shardlet);
  });
  return byStream;
}
