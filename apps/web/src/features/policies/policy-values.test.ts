import { DEFAULT_POLICY, type Policy, policyDifferences } from '@foreshard/core/planning';
import { describe, expect, it } from 'vitest';
import { POLICY_SECTIONS } from '../../server/policies/policy-fields.ts';
import {
  collisionsOf,
  documentOf,
  draftOf,
  keyOf,
  limitsText,
  type PolicyValues,
  problemsOf,
  rebased,
  valuesOf,
  valueText,
} from './policy-values.ts';

const fields = POLICY_SECTIONS.flatMap((section) => section.fields);
const BASE: Policy = {
  ...DEFAULT_POLICY,
  placement: [{ stream: 'main', shards: [3, 7], spread_over_zones: true, frozen: false }],
  scopes: [{ stream: 'main', mode: 'ask', auto: { max_bytes: 5 } }],
  migration_window: [{ from: '04:00', to: '05:30', zone: 'UTC', days: ['sat'] }],
};
const values = (policy = BASE) => valuesOf(policy, fields);
function typing(path: string, text: string, unit: string, before = values()): PolicyValues {
  return { ...before, settings: { ...before.settings, [keyOf(path)]: { text, unit } } };
}
const changes = (typed: PolicyValues, base = BASE) => policyDifferences(base, draftOf(base, typed, fields));

describe('the form', () => {
  it('that nobody has touched is the document, also where a number has no short text', () => {
    const odd = { ...BASE, rest: { ...BASE.rest, settle_time: 100 / 3 } };
    expect(draftOf(odd, values(odd), fields)).toEqual(odd);
  });

  it('changes one setting, in whatever unit it is typed', () => {
    expect(changes(typing('rest.settle_time', '3', 'h'))).toEqual([
      { path: 'rest.settle_time', before: 120, after: 180 },
    ]);
    expect(changes(typing('rest.settle_time', '120', 'min'))).toEqual([]);
    expect(documentOf(changes(typing('host.fullness', '70', '%')))).toEqual({ host: { fullness: 0.7 } });
    expect(documentOf(changes(typing('aggressiveness', '70', '%')))).toEqual({ aggressiveness: 0.7 });
  });
});

describe('what is wrong', () => {
  const problems = (typed: PolicyValues) => Object.fromEntries(problemsOf(BASE, typed, fields));

  it('is what the schema refuses, with the limits in the unit of people', () => {
    expect(problems(values())).toEqual({});
    expect(problems(typing('shardlet.shardlet_size', '-3', 'MB'))).toEqual({
      'settings.shardlet/shardlet_size': 'whole bytes, from 1 kB to 1 TiB',
    });
    expect(problems(typing('shardlet.shardlet_size', '1000.5', 'B'))).toHaveProperty([
      'settings.shardlet/shardlet_size',
    ]);
    expect(problems(typing('host.fullness', 'half', '%'))).toEqual({
      'settings.host/fullness': 'from 10 % to 100 %',
    });
    expect(problems({ ...values(), windows: [{ from: '04:00', to: '04:00', zone: 'UTC' }] })).toHaveProperty([
      'windows',
    ]);
  });

  it('is also what two settings cannot both mean, and what is typed in a rule or a scope', () => {
    expect(problems(typing('host.fullness', '40', '%')).root).toContain('scaling.scale_in_fullness');
    const { rules, scopes } = values();
    expect(problems({ ...values(), rules: [{ ...rules[0]!, shards: 'x' }] })).toHaveProperty(['rules']);
    expect(problems({ ...values(), scopes: [{ ...scopes[0]!, windows: 'x' }] })).toHaveProperty(['scopes']);
  });

  it.each(fields.filter(({ unit }) => unit === 'count'))('of $path is said as a whole number', (field) => {
    expect(limitsText(field)).toMatch(/^a whole number from [\d,]+ to [\d,]+$/);
  });
});

describe('a version that somebody else saved meanwhile', () => {
  const theirs: Policy = {
    ...BASE,
    mode: 'auto',
    rest: { ...BASE.rest, settle_time: 60, churn_penalty: 0.006 },
    scopes: [],
  };
  const mine = typing('rest.churn_penalty', '0.007', 'pressure', { ...values(), fourEyes: true });

  it('is shown beside what was typed', () => {
    expect(collisionsOf(BASE, theirs, draftOf(BASE, mine, fields))).toEqual([
      { path: 'mode', was: 'forecast-only', theirs: 'auto', mine: undefined },
      { path: 'rest.settle_time', was: 120, theirs: 60, mine: undefined },
      { path: 'rest.churn_penalty', was: 0.005, theirs: 0.006, mine: 0.007 },
      { path: 'scopes', was: BASE.scopes, theirs: [], mine: undefined },
    ]);
  });

  it('keeps its own changes and takes what was typed, but for what is left to it', () => {
    const all = rebased(mine, { base: BASE, newest: theirs }, fields, new Set());
    expect(draftOf(theirs, all, fields)).toEqual({
      ...theirs,
      four_eyes: true,
      rest: { ...theirs.rest, churn_penalty: 0.007 },
    });
    const left = rebased(mine, { base: BASE, newest: theirs }, fields, new Set(['rest.churn_penalty']));
    expect(draftOf(theirs, left, fields)).toEqual({ ...theirs, four_eyes: true });
  });

  it('takes over lists as a whole, also those that cannot be read yet', () => {
    const typed = { ...values(), windows: [{ from: '', to: '', zone: 'UTC' }] };
    expect(rebased(typed, { base: BASE, newest: theirs }, fields, new Set()).windows).toEqual(typed.windows);
  });
});

it.each([
  ['rest.settle_time', 60, '1 h'],
  ['budget.bytes', 2 ** 45, '32 TiB'],
  ['mode', 'ask', 'ask'],
  ['four_eyes', true, 'on'],
  ['migration_window', BASE.migration_window, '04:00-05:30 UTC sat'],
  ['migration_window', [], 'none'],
  ['placement', BASE.placement, '1 rule'],
  ['scopes', [{}, {}], '2 scopes'],
])('%s %j is said as "%s"', (path, value, text) => expect(valueText(path, value, fields)).toBe(text));
