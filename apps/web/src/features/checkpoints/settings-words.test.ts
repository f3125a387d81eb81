import { groupCheckpointingSchema } from '@foreshard/core/checkpointing';
import { expect, it } from 'vitest';
import { editedOf } from './settings-words.ts';

const settings = groupCheckpointingSchema.parse({});

it('sends what was edited alone', () => {
  const typed = { ...settings, keep_hours: 48 };
  expect(editedOf(typed, { keep_hours: true, keep_count: false })).toEqual({ keep_hours: 48 });
  expect(editedOf(typed, { merges: true })).toEqual({ merges: false });
  expect(editedOf(typed, {})).toEqual({});
});
