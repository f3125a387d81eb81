/** What the form of checkpoint settings sends. */
import type { GroupCheckpointing } from '@foreshard/core/checkpointing';

type Name = keyof GroupCheckpointing;

/** The others are left as they are by now: somebody else may have changed them while the form was open. */
export function editedOf(
  values: GroupCheckpointing,
  edited: Partial<Record<Name, boolean | undefined>>,
): Partial<GroupCheckpointing> {
  const names = Object.keys(values) as Name[];
  return Object.fromEntries(
    names.filter((name) => edited[name] === true).map((name) => [name, values[name]]),
  );
}
