/** Tells positions that nobody can have processed from those that are worth asking the store for. */
import { HostUnreachable } from '../hosts/index.ts';
import type { TopologyMap } from '../topology/index.ts';
import type { CommitPosition } from './commit.ts';
import type { GroupView } from './group-view.ts';
import { finalSeqOf } from './lineage.ts';
import type { WrongPosition } from './membership.ts';

export interface CheckParts {
  readonly map: TopologyMap;
  refresh(): Promise<unknown>;
  /** the highest seq that was ever seen; undefined: nothing was */
  knownEnd(shardlet: number): number | undefined;
  /** @throws HostUnreachable */
  lastSeq(shardlet: number): Promise<number>;
}

/** The first one that is wrong. */
export async function wrongPosition(
  parts: CheckParts,
  view: GroupView,
  positions: readonly CommitPosition[],
): Promise<{ readonly at: number; readonly wrong: WrongPosition } | undefined> {
  for (const [at, position] of positions.entries()) {
    const wrong = await objectionTo(parts, view, position);
    if (wrong !== undefined) return { at, wrong };
  }
  return undefined;
}

async function objectionTo(
  parts: CheckParts,
  view: GroupView,
  { shardlet: id, seq, epoch }: CommitPosition,
): Promise<WrongPosition | undefined> {
  const { map } = parts;
  const checkpoint = view.checkpoint(id);
  const isKnown = checkpoint !== undefined || map.shardlet(id) !== undefined;
  // whoever gave the batch may know a newer map
  if (!isKnown || isAhead(map, id, epoch)) await parts.refresh();
  const shardlet = map.shardlet(id);
  // of a shardlet that was deleted with all it held, only the store knows what it was
  if (shardlet === undefined) return checkpoint === undefined ? { kind: 'noShardlet' } : undefined;
  if (shardlet.stream !== view.group.stream) return { kind: 'otherStream' };
  if (isAhead(map, id, epoch)) return { kind: 'futureEpoch', epoch: shardlet.epoch };
  const finalSeq = finalSeqOf(shardlet);
  if (finalSeq !== undefined) return seq > finalSeq ? { kind: 'beyondEnd', lastSeq: finalSeq } : undefined;
  if (seq <= Math.max(checkpoint?.seq ?? 0, parts.knownEnd(id) ?? 0)) return undefined;
  const lastSeq = await parts.lastSeq(id).catch((error: unknown) => {
    if (!(error instanceof HostUnreachable)) throw error;
    // nobody can tell: who processed it before the host went away may say so
    return Number.POSITIVE_INFINITY;
  });
  return seq > lastSeq ? { kind: 'beyondEnd', lastSeq } : undefined;
}

function isAhead(map: TopologyMap, shardlet: number, epoch: number): boolean {
  return epoch > (map.shardlet(shardlet)?.epoch ?? epoch);
}
