import { DEFAULT_POLICY, type Policy } from '@foreshard/core/planning';
import { describe, expect, it } from 'vitest';
import { POLICY_SECTIONS } from '../../server/policies/policy-fields.ts';
import { isCardShown, pathsShown, type Shown, sectionsShown } from './setting-filter.ts';

const BASE: Policy = { ...DEFAULT_POLICY, rest: { ...DEFAULT_POLICY.rest, settle_time: 60 } };
const DRAFT: Policy = { ...BASE, mode: 'ask', forecast: { ...BASE.forecast, horizon: 90 } };

function found(text: string, shown: Shown = 'all'): string[] {
  const sections = sectionsShown(POLICY_SECTIONS, { text, shown }, pathsShown(shown, BASE, DRAFT));
  return sections.flatMap(({ fields }) => fields.map(({ path }) => path));
}

describe('settings are found', () => {
  it('by name, path, what they do, and the title of their section', () => {
    expect(found('settle time')).toEqual(['rest.settle_time']);
    expect(found('rest.settle_time')).toEqual(['rest.settle_time']);
    expect(found('COPY slowest')).toEqual(['budget.copy_bytes_low']);
    expect(found('thrash churn')).toEqual(['rest.churn_penalty']);
    expect(found('no such setting')).toEqual([]);
    expect(found('  ')).toHaveLength(POLICY_SECTIONS.flatMap(({ fields }) => fields).length);
  });

  it('by what is not the default, saved or not, and by what is not saved', () => {
    expect(found('', 'changed')).toEqual(['rest.settle_time', 'forecast.horizon']);
    expect(found('', 'unsaved')).toEqual(['forecast.horizon']);
    expect(found('settle', 'unsaved')).toEqual([]);
  });

  it('also where they are no numbers', () => {
    const card = (name: 'mode' | 'windows', text: string, shown: Shown) =>
      isCardShown(name, { text, shown }, pathsShown(shown, BASE, DRAFT));
    expect(card('mode', '', 'unsaved')).toBe(true);
    expect(card('windows', '', 'unsaved')).toBe(false);
    expect(card('windows', 'weekday', 'all')).toBe(true);
    expect(card('mode', 'weekday', 'all')).toBe(false);
  });
});
