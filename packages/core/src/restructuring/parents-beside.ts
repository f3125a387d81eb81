/**
 *   createOpen --refused--> describe each parent --> createOpen with those that are sealed
 *                                              +---> (all are: it was refused for the shardlet itself)
 *
 * A shardlet that begins anew knows the ids of its parents beside it. A parent that the host has only as a copy, or not
 * at all, is left out: of its events from before the loss a retry may be stored once more, of those of the others not.
 */
import type { CreateReply, ParentRef, ReplicaDetails, Stale } from '../hosts/index.ts';
import type { Action, Answer } from '../machines/index.ts';

export type CreateOpen = Extract<Action, { kind: 'createOpen' }>;

/** A creation that was refused, while its host is asked about the parents. */
export interface RefusedCreation {
  readonly action: CreateOpen;
  readonly reply: Stale;
  /** those that were asked about and not answered yet */
  readonly open: readonly ParentRef[];
  readonly sealed: readonly ParentRef[];
}

/** Undefined for a creation that was not refused, or without parents. */
export function refusedCreation(action: CreateOpen, reply: CreateReply): RefusedCreation | undefined {
  if (reply.kind !== 'stale' || action.parents.length === 0) return undefined;
  return { action, reply, open: action.parents, sealed: [] };
}

export function questionsAbout({ action: { host, parents } }: RefusedCreation): Action[] {
  return parents.map(({ shardlet }) => ({ kind: 'describe', host, shardlet }));
}

export function isAbout({ open }: RefusedCreation, { shardlet }: { readonly shardlet: number }): boolean {
  return open.some((parent) => parent.shardlet === shardlet);
}

/** REQUIRES that it is about one of its parents. */
export function answeredAbout(
  refused: RefusedCreation,
  { action: { shardlet }, reply }: Extract<Answer, { kind: 'describe' }>,
): RefusedCreation {
  const parent = refused.open.find((each) => each.shardlet === shardlet)!;
  const open = refused.open.filter((each) => each !== parent);
  return { ...refused, open, sealed: isSealed(parent, reply) ? [...refused.sealed, parent] : refused.sealed };
}

/** Undefined where all are sealed. REQUIRES that all are answered. */
export function withSealedOnly({ action, sealed }: RefusedCreation): CreateOpen | undefined {
  if (sealed.length === action.parents.length) return undefined;
  const ids = new Set(sealed.map(({ shardlet }) => shardlet));
  return { ...action, parents: action.parents.filter(({ shardlet }) => ids.has(shardlet)) };
}

function isSealed({ epoch }: ParentRef, found: ReplicaDetails | Stale): boolean {
  return !('kind' in found) && found.mode === 'sealed' && found.epoch === epoch;
}
