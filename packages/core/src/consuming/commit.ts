/**
 * The fence of a checkpoint: only the member that has the shardlet, in the assignment it was given, may move
 * it, and only forward. Whatever a zombie still sends after a rebalance changes nothing.
 */
import { z } from 'zod';
import { type Checkpoint, type GroupState, memberIdSchema } from './model.ts';

const number = z.int().min(0);
export const commitSchema = z.object({
  member: memberIdSchema,
  positions: z
    .array(z.object({ shardlet: number, seq: number, epoch: number, assignment: number }))
    .min(1)
    .max(10_000),
});
export type Commit = z.infer<typeof commitSchema>;
export type CommitPosition = Commit['positions'][number];

export type CommitResult =
  | { readonly kind: 'committed' }
  /** another assignment, or another member: what was processed is processed again by who has it now */
  | { readonly kind: 'fenced'; readonly assignment: number }
  /** below what is committed: nothing changed */
  | { readonly kind: 'behind'; readonly seq: number };

export function judgeCommit(
  checkpoint: Pick<Checkpoint, 'assignment' | 'member' | 'seq'> | undefined,
  member: string,
  position: CommitPosition,
): CommitResult {
  if (checkpoint?.assignment !== position.assignment || checkpoint.member !== member)
    return { kind: 'fenced', assignment: checkpoint?.assignment ?? 0 };
  if (position.seq < checkpoint.seq) return { kind: 'behind', seq: checkpoint.seq };
  return { kind: 'committed' };
}

/** The highest position per shardlet and assignment: what is below it is processed too. */
export function highestOf(positions: readonly CommitPosition[]): CommitPosition[] {
  const highest = new Map<string, CommitPosition>();
  for (const position of positions) {
    const key = fenceOf(position);
    if ((highest.get(key)?.seq ?? -1) < position.seq) highest.set(key, position);
  }
  return [...highest.values()];
}

/** Equal for positions that stand or fall together. */
export function fenceOf({ shardlet, assignment }: CommitPosition): string {
  return `${shardlet}/${assignment}`;
}

export function commit(
  state: GroupState,
  { member, positions }: Commit,
): { readonly state: GroupState; readonly results: readonly CommitResult[] } {
  const checkpoints = new Map(state.checkpoints);
  const results = new Map<string, CommitResult>();
  for (const position of highestOf(positions)) {
    const before = state.checkpoints.get(position.shardlet);
    const result = judgeCommit(before, member, position);
    results.set(fenceOf(position), result);
    const { shardlet, seq, epoch } = position;
    if (result.kind === 'committed') checkpoints.set(shardlet, { ...before!, seq, epoch });
  }
  return {
    state: { ...state, checkpoints },
    results: positions.map((position) => results.get(fenceOf(position))!),
  };
}
