/** Why a shardlet of a group is where it is: the rules of attend.ts, read from what they made. */
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { weightsOf } from './balance.ts';
import { finalSeqOf, isEnded, isFinished, isHeldAtEnd, setBack, standingOf } from './lineage.ts';
import type { Checkpoint, Group, GroupState } from './model.ts';
import { NO_WEIGHTS, type Weights } from './weights.ts';

export interface UnfinishedParent {
  readonly shardlet: number;
  readonly seq: number;
  /** null: it is not closed yet, as far as the topology store knows */
  readonly finalSeq: number | null;
}

export type AssignmentReason =
  /** the member has it, and keeps it as long as it lives; `committed`: something of it was committed before */
  | { readonly kind: 'kept'; readonly member: string; readonly committed: boolean }
  /** it goes to a member with less, as soon as what this one holds of it is committed */
  | {
      readonly kind: 'revoking';
      readonly member: string;
      readonly holds: number;
      readonly share: number;
      /** where shardlets are weighed: what the member has and what is fair, in events per second */
      readonly load?: { readonly holds: number; readonly share: number };
    }
  /** nobody has it: the next sign of life of a member takes it */
  | { readonly kind: 'free'; readonly members: number }
  /** older events of its keys are not processed */
  | { readonly kind: 'waits'; readonly parents: readonly UnfinishedParent[] };

const NOBODY = { member: undefined, revoking: false };

type MapPart = Pick<TopologyMap, 'shardlet' | 'shardlets'>;

export interface ExplainedShardlet {
  readonly shardlet: number;
  /** events per second by which it counts; null: each shardlet counts alike, or nobody may have it yet */
  readonly weight: number | null;
  readonly reason: AssignmentReason;
}

/** Of every shardlet that is still to be processed, by id. */
export function explain(
  group: Group,
  state: GroupState,
  map: MapPart,
  known: Weights = NO_WEIGHTS,
): ExplainedShardlet[] {
  const hasEnded = (id: number) => isEnded(state.checkpoints.get(id) ?? NOBODY);
  const workable = standingOf(map, group, state.checkpoints).workable.filter(({ id }) => !hasEnded(id));
  const ids = new Set(workable.map(({ id }) => id));
  const weights = weightsOf([...ids], known);
  const count = sharesOf(state, ids, () => 1);
  const shares: Shares = {
    count: { ...count, share: Math.floor(count.share) },
    ...(weights && { load: sharesOf(state, ids, (id) => weights.get(id)!) }),
  };
  const explained: ExplainedShardlet[] = [];
  for (const shardlet of [...map.shardlets(group.stream)].sort((a, b) => a.id - b.id)) {
    if (hasEnded(shardlet.id)) continue;
    const checkpoint = state.checkpoints.get(shardlet.id);
    const fitting = checkpoint && setBack(checkpoint, shardlet);
    if (ids.has(shardlet.id) || isHeldAtEnd(group, shardlet, fitting)) {
      const reason = reasonOf(checkpoint, state, shares);
      explained.push({ shardlet: shardlet.id, weight: weights?.get(shardlet.id) ?? null, reason });
    } else if (!isFinished(shardlet, fitting)) {
      const parents = unfinishedParents(group, shardlet, state.checkpoints, map);
      explained.push({ shardlet: shardlet.id, weight: null, reason: { kind: 'waits', parents } });
    }
  }
  return explained;
}

interface Share {
  readonly heldBy: ReadonlyMap<string, number>;
  readonly share: number;
}

interface Shares {
  readonly count: Share;
  readonly load?: Share;
}

function sharesOf(
  { members, checkpoints }: GroupState,
  ids: ReadonlySet<number>,
  sizeOf: (id: number) => number,
): Share {
  const heldBy = new Map<string, number>();
  let sum = 0;
  for (const id of ids) {
    const member = checkpoints.get(id)?.member;
    sum += sizeOf(id);
    if (member !== undefined) heldBy.set(member, (heldBy.get(member) ?? 0) + sizeOf(id));
  }
  return { heldBy, share: sum / Math.max(1, members.length) };
}

function reasonOf(
  checkpoint: Checkpoint | undefined,
  { members }: GroupState,
  { count, load }: Shares,
): AssignmentReason {
  const member = checkpoint?.member;
  if (checkpoint === undefined || member === undefined) return { kind: 'free', members: members.length };
  if (checkpoint.revoking) {
    const has = ({ heldBy, share }: Share) => ({ holds: heldBy.get(member) ?? 0, share });
    return { kind: 'revoking', member, ...has(count), ...(load && { load: has(load) }) };
  }
  return { kind: 'kept', member, committed: checkpoint.seq > 0 };
}

/** Those that stand in the way themselves: of an ancestor further up, the parents that wait for it. */
function unfinishedParents(
  group: Group,
  { parents }: Shardlet,
  checkpoints: GroupState['checkpoints'],
  map: MapPart,
): UnfinishedParent[] {
  return parents.flatMap((id) => {
    const parent = map.shardlet(id);
    const checkpoint = checkpoints.get(id);
    if (parent === undefined) return [];
    const fitting = checkpoint && setBack(checkpoint, parent);
    const isDone = isFinished(parent, fitting) && !isHeldAtEnd(group, parent, fitting);
    // an empty generation is done by itself, and waits for the one before it
    if (isDone) return unfinishedParents(group, parent, checkpoints, map);
    return [{ shardlet: id, seq: checkpoint?.seq ?? 0, finalSeq: finalSeqOf(parent) ?? null }];
  });
}
