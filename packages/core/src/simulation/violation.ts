/** A broken promise of docs/architecture/protocol.md, with what is needed to find it in the history. */
export interface Violation {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6';
  readonly detail: string;
  readonly shardlets: readonly number[];
  readonly events: readonly string[];
}

export function violation(
  invariant: Violation['invariant'],
  detail: string,
  about: { readonly shardlets?: readonly number[]; readonly events?: readonly string[] } = {},
): Violation {
  return { invariant, detail, shardlets: about.shardlets ?? [], events: about.events ?? [] };
}
