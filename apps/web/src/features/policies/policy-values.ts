/**
 * What the form of the policy holds, and the way between it and the document that is saved. Numbers, shards and windows are
 * kept as they are typed, so that nothing half typed is lost; the schema of the document is what judges them.
 */
import {
  contradictionOf,
  type Policy,
  type PolicyDifference,
  policyDifferences,
  policySchema,
} from '@foreshard/core/planning';
import type { PolicyField } from '../../server/policies/policy-fields.ts';
import { type RuleText, ruleOf, ruleProblem, ruleText } from './placement-editor.tsx';
import { type ScopeText, scopeOf, scopeProblem, scopeText } from './scopes-editor.tsx';
import { readSetting, settingText, type Typed, typedOf } from './setting-units.ts';
import { type Window, windowText } from './window-text.ts';

export interface PolicyValues {
  mode: Policy['mode'];
  fourEyes: boolean;
  windows: readonly Window[];
  rules: readonly RuleText[];
  scopes: readonly ScopeText[];
  /** by `keyOf` its path */
  settings: Record<string, Typed>;
}

export interface Version {
  readonly version: number;
  readonly actor: string;
  readonly effectiveMs: number;
  readonly policy: Policy;
}

export interface FormValues extends PolicyValues {
  note: string;
  /** empty: at once */
  effective: string;
}

/** A dot is a step in the names of a form. */
export function keyOf(path: string): string {
  return path.replaceAll('.', '/');
}

/** "settle time" of rest.settle_time */
export function labelOf(path: string): string {
  return path.split('.').at(-1)!.replaceAll('_', ' ');
}

export function valuesOf(policy: Policy, fields: readonly PolicyField[]): PolicyValues {
  return {
    mode: policy.mode,
    fourEyes: policy.four_eyes,
    windows: policy.migration_window,
    rules: policy.placement.map(ruleText),
    scopes: policy.scopes.map(scopeText),
    settings: Object.fromEntries(
      fields.map(({ path, unit }) => [keyOf(path), typedOf(settingAt(policy, path), unit)]),
    ),
  };
}

/** The document as it would be sent: not judged yet. What was not touched is as in `base`, to the last bit. */
export function draftOf(base: Policy, values: PolicyValues, fields: readonly PolicyField[]): Policy {
  const was = valuesOf(base, fields);
  const draft = structuredClone(base);
  draft.mode = values.mode;
  draft.four_eyes = values.fourEyes;
  if (!isSame(was.windows, values.windows)) draft.migration_window = [...values.windows];
  if (!isSame(was.rules, values.rules)) draft.placement = values.rules.map(ruleOf);
  if (!isSame(was.scopes, values.scopes)) draft.scopes = values.scopes.map(scopeOf);
  for (const { path, unit } of fields) {
    const typed = values.settings[keyOf(path)]!;
    if (!isSame(was.settings[keyOf(path)], typed)) assign(draft, path, readSetting(typed, unit));
  }
  return draft;
}

/** What is wrong, by the name of the field in the form; of the form as a whole under `root`. */
export function problemsOf(
  base: Policy,
  values: PolicyValues,
  fields: readonly PolicyField[],
): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  const draft = draftOf(base, values, fields);
  const { error } = policySchema.safeParse(draft);
  for (const { path, message } of error?.issues ?? []) {
    const field = fields.find((one) => one.path === path.join('.'));
    if (field !== undefined) problems.set(`settings.${keyOf(field.path)}`, limitsText(field));
    else problems.set(LISTS[String(path[0])] ?? 'root', message);
  }
  // texts that are read as something else than they say
  if (values.rules.some((rule) => ruleProblem(rule) !== undefined)) problems.set('rules', 'a rule is wrong');
  if (values.scopes.some((scope) => scopeProblem(scope) !== undefined))
    problems.set('scopes', 'a scope is wrong');
  const contradiction = problems.size === 0 ? contradictionOf(draft) : undefined;
  if (contradiction !== undefined) problems.set('root', contradiction);
  return problems;
}

const LISTS: Readonly<Record<string, string>> = {
  migration_window: 'windows',
  placement: 'rules',
  scopes: 'scopes',
};

/** "a whole number from 1 to 1,000", "from 10 % to 100 %" */
export function limitsText({ unit, least, most, isWhole }: PolicyField): string {
  const [from, to] = [least, most].map((value) => settingText(value, unit));
  return `${isWhole ? (unit === 'bytes' ? 'whole bytes, ' : 'a whole number ') : ''}from ${from} to ${to}`;
}

/**
 * What was typed on `base`, on the version that somebody else saved meanwhile. `theirs`: paths whose value stays that of
 * `newest`.
 */
export function rebased(
  values: PolicyValues,
  { base, newest }: { readonly base: Policy; readonly newest: Policy },
  fields: readonly PolicyField[],
  theirs: ReadonlySet<string>,
): PolicyValues {
  const mine = policyDifferences(base, draftOf(base, values, fields)).filter(({ path }) => !theirs.has(path));
  const merged = valuesOf(newest, fields);
  for (const { path } of mine) {
    const field = LISTS[path];
    if (path === 'mode') merged.mode = values.mode;
    else if (path === 'four_eyes') merged.fourEyes = values.fourEyes;
    else if (field !== undefined) Object.assign(merged, { [field]: values[field as 'rules'] });
    else merged.settings[keyOf(path)] = values.settings[keyOf(path)]!;
  }
  return merged;
}

export interface Collision {
  readonly path: string;
  readonly was: unknown;
  readonly theirs: unknown;
  /** undefined: it was not changed here */
  readonly mine: unknown;
}

/** What somebody else has saved meanwhile, beside what was typed here, in the order of the document. */
export function collisionsOf(base: Policy, newest: Policy, draft: Policy): Collision[] {
  const mine = new Map(policyDifferences(base, draft).map(({ path, after }) => [path, after]));
  return policyDifferences(base, newest).map(({ path, before, after }) => {
    const own = mine.get(path);
    return { path, was: before, theirs: after, mine: isSame(own, after) ? undefined : own };
  });
}

/** As a document of its own: only the numbers that differ. */
export function documentOf(differences: readonly PolicyDifference[]): Record<string, unknown> {
  const document: Record<string, Record<string, unknown> | unknown> = {};
  for (const { path, after } of differences) {
    const [group, name] = path.split('.') as [string, string | undefined];
    if (name === undefined) document[group] = after;
    else document[group] = { ...(document[group] as object | undefined), [name]: after };
  }
  return document;
}

/** A value of a document in words, with its unit. */
export function valueText(path: string, value: unknown, fields: readonly PolicyField[]): string {
  const field = fields.find((one) => one.path === path);
  if (field !== undefined && typeof value === 'number') return settingText(value, field.unit);
  if (Array.isArray(value)) return listText(path, value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value === undefined ? 'none' : String(value);
}

function listText(path: string, list: readonly unknown[]): string {
  if (list.length === 0) return 'none';
  if (path === 'migration_window') return (list as Window[]).map(windowText).join(', ');
  const name = path === 'placement' ? 'rule' : path === 'scopes' ? 'scope' : 'entry';
  return list.length === 1 ? `1 ${name}` : `${list.length} ${name === 'entry' ? 'entries' : `${name}s`}`;
}

export function settingAt(policy: Policy, path: string): number {
  return path
    .split('.')
    .reduce<unknown>((place, name) => (place as Record<string, unknown>)[name], policy) as number;
}

function assign(policy: Policy, path: string, value: number): void {
  const names = path.split('.');
  const last = names.pop()!;
  const place = names.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], policy);
  (place as Record<string, unknown>)[last] = value;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
