import { groupCheckpointingSchema } from '@foreshard/core/checkpointing';
import { expect, it } from 'vitest';
import { changedSettings, editedOf, rangeWords } from './settings-words.ts';

const settings = groupCheckpointingSchema.parse({});

it('names what differs, and sends what was edited alone', () => {
  const other = { ...settings, keep_hours: 48, aim: 'cost' as const };
  expect(changedSettings(settings, other)).toEqual(['aim', 'keep_hours']);
  expect(changedSettings(settings, { ...settings })).toEqual([]);
  expect(editedOf(other, { keep_hours: true, keep_count: false })).toEqual({ keep_hours: 48 });
  expect(editedOf({ ...other, merges: false }, { merges: true })).toEqual({ merges: false });
});

it('says which numbers are possible', () => {
  expect(rangeWords('keep_count')).toBe('A whole number from 1 to 100');
  expect(rangeWords('checkpoint_share_max')).toBe('A number from 0.001 to 1');
  expect(rangeWords('failure_interval')).toBe('A number from 0.01 to 87,600');
});
