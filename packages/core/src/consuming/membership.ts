/**
 * Who may give signs of life for a member. Its id is known to everybody who looks at the group, so it proves
 * nothing: a member belongs to the subject that joined, until it ends or its session does. Only then may
 * another one use the id, and it begins with nothing: what the member before it had is assigned anew.
 */
import { type Group, type GroupState, MEMBERS_MAX, type Member } from './model.ts';

export interface Caller {
  readonly member: string;
  readonly subject: string;
}

export type Refused =
  | { readonly refused: 'unknown' }
  /** its stream was deleted: there is nothing left to process */
  | { readonly refused: 'deleted' }
  /** the member belongs to another subject */
  | { readonly refused: 'foreign' }
  /** there are as many members as a group may have */
  | { readonly refused: 'full' }
  /** of a commit: nothing of it was taken */
  | { readonly refused: 'position'; readonly at: number; readonly wrong: WrongPosition };

/** Why a position can never be committed. */
export type WrongPosition =
  | { readonly kind: 'noShardlet' }
  /** the shardlet is of another stream than the group */
  | { readonly kind: 'otherStream' }
  /** nothing was ever given out up to there */
  | { readonly kind: 'beyondEnd'; readonly lastSeq: number }
  /** the shardlet was never at this epoch: no host could answer the next read, and no loss would set it back */
  | { readonly kind: 'futureEpoch'; readonly epoch: number };

export function isAlive({ sessionMs }: Group, { seenAtMs }: Member, nowMs: number): boolean {
  return seenAtMs + sessionMs > nowMs;
}

/** Of another subject; whether it still lives or not. */
export function isForeign(members: readonly Member[], { member, subject }: Caller): boolean {
  const own = members.find((m) => m.id === member)?.subject;
  return own !== undefined && own !== subject;
}

/** Undefined: the caller may give a sign of life. */
export function refusalOf(
  group: Group,
  { members }: GroupState,
  caller: Caller,
  nowMs: number,
): Refused | undefined {
  const living = members.filter((m) => isAlive(group, m, nowMs));
  if (isForeign(living, caller)) return { refused: 'foreign' };
  const isMember = living.some((m) => m.id === caller.member);
  return !isMember && living.length >= MEMBERS_MAX ? { refused: 'full' } : undefined;
}

export function isRefused(reply: object): reply is Refused {
  return 'refused' in reply;
}
