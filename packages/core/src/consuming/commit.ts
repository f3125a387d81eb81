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
  checkpoint: Checkpoint | undefined,
  member: string,
  position: CommitPosition,
): CommitResult {
  if (checkpoint?.assignment !== position.assignment || checkpoint.member !== member)
    return { kind: 'fenced', assignment: checkpoint?.assignment ?? 0 };
  if (position.seq < checkpoint.seq) return { kind: 'behind', seq: checkpoint.seq };
  return { kind: 'committed' };
}

export function commit(
  state: GroupState,
  { member, positions }: Commit,
): { readonly state: GroupState; readonly results: readonly CommitResult[] } {
  const checkpoints = new Map(state.checkpoints);
  const results = positions.map((position) => {
    const before = checkpoints.get(position.shardlet);
    const result = judgeCommit(before, member, position);
    if (result.kind === 'committed') {
      const { seq, epoch } = position;
      checkpoints.set(position.shardlet, { ...before!, seq, epoch });
    }
    return result;
  });
  return { state: { ...state, checkpoints }, results };
}
