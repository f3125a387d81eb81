/** Settings of a policy that differ from the shipped ones, as a document: what a search tries, anybody can repeat. */
import { z } from 'zod';
import { KEY_SPLITS } from './key-splits.ts';
import { PSTORE_SHIPPED } from './p-store.ts';
import { SHIPPED } from './planner-player.ts';
import { type Choices, POLICY_NAMES } from './replay.ts';
import { AS_SHIPPED } from './rivals.ts';

const amount = z.number().min(0).max(10_000);

export const playSchema = z.strictObject({
  policy: z.enum(POLICY_NAMES),
  /** what the row is called */
  as: z.string().min(1).optional(),
  settings: z.record(z.string(), amount).default({}),
  /** of the fast lane for hot keys */
  keys: z.record(z.string(), amount).default({}),
});
export type Play = z.infer<typeof playSchema>;

/** The settings over the shipped ones; text when one of them means nothing to the policy. */
export function choicesOf({ policy, settings, keys }: Play): Choices | string {
  const base = policy.split('+')[0]!;
  const isRival = base in AS_SHIPPED;
  const shipped = isRival
    ? AS_SHIPPED[base as keyof typeof AS_SHIPPED]
    : base === 'p-store'
      ? PSTORE_SHIPPED
      : base === 'static'
        ? {}
        : SHIPPED;
  const unknown =
    Object.keys(settings).find((name) => !(name in shipped)) ??
    Object.keys(keys).find((name) => !(name in KEY_SPLITS));
  if (unknown !== undefined)
    return `${policy} has no setting "${unknown}"; it has ${Object.keys(shipped).join(', ') || 'none'}`;
  const own = { ...shipped, ...settings };
  const kind = isRival ? 'rival' : base === 'p-store' ? 'pStore' : 'planner';
  // every name was found among the shipped settings of its kind
  return { [kind]: own, keys: { ...KEY_SPLITS, ...keys } } as unknown as Choices;
}
