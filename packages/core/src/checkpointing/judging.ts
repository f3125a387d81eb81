/** The fence of a checkpoint of state, the same as that of a commit: whoever has the shardlet, in the assignment given. */
import type { Announced, CheckpointRefusal, KnownCheckpoint, StateCheckpoint } from './records.ts';
import { DELTAS_MAX } from './records.ts';
import { isSound } from './recovery-demand.ts';

/** Who has the shardlet, and how far it is committed. */
export interface Holder {
  readonly assignment: number;
  readonly member: string | undefined;
  readonly seq: number;
  readonly epoch: number;
}

type Claim = Pick<Announced, 'assignment' | 'member' | 'seq' | 'epoch'>;

/** Undefined: it may be taken. */
export function judgeHolder(
  holder: Holder | undefined,
  claim: Pick<Claim, 'assignment' | 'member' | 'seq'>,
): Extract<CheckpointRefusal, { kind: 'fenced' | 'ahead' }> | undefined {
  if (holder?.assignment !== claim.assignment || holder.member !== claim.member)
    return { kind: 'fenced', assignment: holder?.assignment ?? 0 };
  return claim.seq > holder.seq ? { kind: 'ahead', committed: holder.seq } : undefined;
}

/** `owner`: of the member that is named; undefined: not a member, or nobody's yet. */
export function judgeAnnounced(
  holder: Holder | undefined,
  claim: Claim,
  { owner, subject }: { readonly owner: string | undefined; readonly subject: string },
): CheckpointRefusal | undefined {
  if (owner !== undefined && owner !== subject) return { kind: 'foreign' };
  const refusal = judgeHolder(holder, claim);
  if (refusal !== undefined) return refusal;
  // a loss is known by the epoch: one that is too high would pass for what came after it
  return claim.epoch > holder!.epoch ? { kind: 'future', epoch: holder!.epoch } : undefined;
}

/** @param chain the base and all below it, as far as they are valid. A delta on a damaged one could never be restored. */
export function isBase(
  chain: readonly (KnownCheckpoint & Pick<StateCheckpoint, 'verifyError'>)[],
  { shardlet, seq, handlerVersion }: Pick<Announced, 'shardlet' | 'seq' | 'handlerVersion'>,
): boolean {
  const [base] = chain;
  const isWhole = chain.at(-1)?.base === undefined && base !== undefined && base.reason !== 'start';
  if (!isWhole || chain.length > DELTAS_MAX || !chain.every(isSound)) return false;
  return base.shardlet === shardlet && base.handlerVersion === handlerVersion && base.seq <= seq;
}

/** Those of `ids` on which none is based that stays. */
export function removable(
  ids: readonly string[],
  all: readonly Pick<KnownCheckpoint, 'id' | 'base'>[],
): Set<string> {
  const going = new Set(ids);
  const baseOf = new Map(all.map(({ id, base }) => [id, base]));
  for (const { id } of all) {
    if (going.has(id)) continue;
    for (let base = baseOf.get(id); base !== undefined; base = baseOf.get(base)) going.delete(base);
  }
  return going;
}
