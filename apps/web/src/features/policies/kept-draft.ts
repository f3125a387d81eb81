/**
 * What was typed before somebody went to simulate it: kept in the tab for the way back, and taken once. It is put on the
 * newest version like any other draft, so an older one loses nothing.
 */
import type { PolicyField } from '../../server/policies/policy-fields.ts';
import { type FormValues, keyOf, type Version } from './policy-values.ts';

const KEY = 'foreshard.policy-draft';

interface Kept {
  readonly base: Version;
  readonly values: FormValues;
}

export function keepDraft(kept: Kept): void {
  sessionStorage.setItem(KEY, JSON.stringify(kept));
}

/** Undefined as well when it is of a release with other settings. */
export function takeDraft(fields: readonly PolicyField[]): Kept | undefined {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (text === null) return undefined;
  const kept = JSON.parse(text) as Kept;
  const isWhole = fields.every(({ path }) => kept.values.settings[keyOf(path)] !== undefined);
  return isWhole ? kept : undefined;
}
