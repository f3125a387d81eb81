/** The two ends of a rule, and how sets of ids are compared in all of them. */
import type { ChangeSet } from '../model.ts';
import type { Refusal, Verdict } from '../topology-store.ts';

export function accept<R>(puts: Partial<ChangeSet>, result: R): Verdict<R> {
  return { kind: 'accept', puts, result };
}

export function refuse(
  reason: Refusal['reason'],
  detail: string,
): { readonly kind: 'refuse'; readonly refusal: Refusal } {
  return { kind: 'refuse', refusal: { reason, detail } };
}

export function sameIds(a: Iterable<number>, b: Iterable<number>): boolean {
  const left = new Set(a);
  const right = new Set(b);
  return left.size === right.size && [...left].every((id) => right.has(id));
}
