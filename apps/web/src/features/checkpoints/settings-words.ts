/** What the form of checkpoint settings says and sends. */
import { type GroupCheckpointing, groupCheckpointingSchema } from '@foreshard/core/checkpointing';
import { z } from 'zod';
import { formatCount } from '../../formatting/numbers.ts';

type Name = keyof GroupCheckpointing;
const NAMES = Object.keys(groupCheckpointingSchema.shape) as Name[];

/** Those that differ, in the order of the form. */
export function changedSettings(before: GroupCheckpointing, after: GroupCheckpointing): Name[] {
  return NAMES.filter((name) => before[name] !== after[name]);
}

/** The others are left as they are by now, whoever set them. */
export function editedOf(
  values: GroupCheckpointing,
  edited: Partial<Record<Name, boolean | undefined>>,
): Partial<GroupCheckpointing> {
  return Object.fromEntries(
    NAMES.filter((name) => edited[name] === true).map((name) => [name, values[name]]),
  );
}

/** "A whole number from 1 to 100" */
export function rangeWords(name: Name): string {
  const { type, minimum, maximum } = z.toJSONSchema(groupCheckpointingSchema.shape[name], { io: 'input' });
  const kind = type === 'integer' ? 'whole number' : 'number';
  return `A ${kind} from ${formatBound(minimum)} to ${formatBound(maximum)}`;
}

function formatBound(bound = 0): string {
  return bound < 1 ? String(bound) : formatCount(bound);
}
