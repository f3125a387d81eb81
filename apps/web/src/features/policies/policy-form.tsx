'use client';

import type { PlacementRule } from '@foreshard/core/planning';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useDeferredValue, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import type { PolicySection } from '../../server/policies/policy-fields.ts';
import { whatIfLink } from '../what-if/what-if-address.ts';
import { Firings } from './firings.tsx';
import { PlacementEditor, type RuleText, ruleOf, ruleProblem, ruleText } from './placement-editor.tsx';
import { isGoodWindow, type Window, WindowsEditor } from './windows-editor.tsx';

const MODES = [
  ['forecast-only', 'Forecast only'],
  ['ask', 'Ask'],
  ['auto', 'Auto'],
] as const;

const MODE_MEANS = {
  'forecast-only': 'It plans and explains. Nothing can be approved.',
  ask: 'What it recommends waits for a person.',
  auto: 'What meets the criteria under “auto” is carried out by itself; the rest waits for a person.',
} as const;

const TITLES: Record<string, string> = {
  general: 'General',
  host: 'Hosts',
  shardlet: 'Shardlets',
  rest: 'Against thrash',
  weight: 'Weights of the objective',
  forecast: 'Forecast',
  budget: 'Budget of a plan',
  scaling: 'Number of hosts',
  capacity: 'Capacity of a host',
  auto: 'Criteria of the mode “auto”',
};

type Policy = {
  readonly mode: keyof typeof MODE_MEANS;
  readonly migration_window: readonly Window[];
  readonly placement: readonly PlacementRule[];
} & Record<string, unknown>;

export function PolicyForm({
  newest,
  sections,
  nowMs,
}: {
  newest: { readonly version: number; readonly policy: Policy };
  sections: readonly PolicySection[];
  nowMs: number;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [mode, setMode] = useState(newest.policy.mode);
  /** what was typed, by path */
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [windows, setWindows] = useState(newest.policy.migration_window);
  const savedRules = newest.policy.placement.map(ruleText);
  const [rules, setRules] = useState<readonly RuleText[]>(savedRules);
  const streams = useQuery(trpc.streams.list.queryOptions());
  const [note, setNote] = useState('');
  /** empty: at once */
  const [effective, setEffective] = useState('');
  const save = useMutation(
    trpc.policies.save.mutationOptions({
      onSuccess: async ({ version }) => {
        toast.success(`Version ${version} holds ${effective === '' ? 'from now on' : 'from that time on'}`);
        await client.invalidateQueries();
      },
    }),
  );
  const problems = new Map(
    sections
      .flatMap(({ fields }) => fields)
      .flatMap(({ path, least, most }) => {
        const text = typed[path];
        if (text === undefined) return [];
        const value = Number(text);
        const isGood = text.trim() !== '' && value >= least && value <= most;
        return isGood ? [] : [[path, `a number from ${least} to ${most}`] as const];
      }),
  );
  const changed = Object.entries(typed).filter(
    ([path, text]) => Number(text) !== valueAt(newest.policy, path),
  );
  const areWindowsNew = JSON.stringify(windows) !== JSON.stringify(newest.policy.migration_window);
  const areRulesNew = JSON.stringify(rules) !== JSON.stringify(savedRules);
  const count =
    changed.length + Number(mode !== newest.policy.mode) + Number(areWindowsNew) + Number(areRulesNew);
  const areRulesGood = rules.every((rule) => ruleProblem(rule) === undefined);
  const isGood = problems.size === 0 && windows.every(isGoodWindow) && areRulesGood && isTime(effective);
  const draft = (): Record<string, unknown> => {
    const policy = structuredClone(newest.policy) as Record<string, unknown>;
    policy.mode = mode;
    policy.migration_window = windows;
    policy.placement = rules.map(ruleOf);
    for (const [path, text] of changed) assign(policy, path, Number(text));
    return policy;
  };
  const drafted = useDeferredValue(count > 0 && isGood ? JSON.stringify(draft()) : undefined);
  return (
    <form
      className="grid gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const effectiveMs = effective === '' ? null : Date.parse(effective);
        save.mutate({ from: newest.version, policy: draft() as never, note, effectiveMs });
      }}
    >
      <Card aria-labelledby="mode-title">
        <CardHead id="mode-title" title="Mode" hint={MODE_MEANS[mode]}>
          <Segmented label="Mode" value={mode} choices={MODES} onChange={(next) => setMode(next)} />
        </CardHead>
      </Card>
      <Firings
        saved={newest.policy as never}
        draft={drafted === undefined ? undefined : JSON.parse(drafted)}
        nowMs={nowMs}
      />
      <WindowsEditor windows={windows} nowMs={nowMs} onChange={setWindows} />
      <PlacementEditor
        rules={rules}
        streams={streams.data?.map(({ name }) => name) ?? []}
        onChange={setRules}
      />
      {sections.map(({ name, fields }) =>
        fields.length === 0 ? null : (
          <Card key={name} aria-labelledby={`section-${name}`}>
            <CardHead id={`section-${name}`} title={TITLES[name] ?? name} />
            <div className="grid gap-x-6 gap-y-4 border-line border-t px-5 py-4 sm:grid-cols-2 xl:grid-cols-3">
              {fields.map(({ path, unit, description, preset }) => (
                <Field
                  key={path}
                  label={path.split('.').at(-1)!.replaceAll('_', ' ')}
                  inputMode="decimal"
                  unit={unit}
                  value={typed[path] ?? String(valueAt(newest.policy, path))}
                  onChange={(event) => setTyped({ ...typed, [path]: event.target.value })}
                  error={problems.get(path)}
                  hint={`${description}; default ${preset}`}
                />
              ))}
            </div>
          </Card>
        ),
      )}
      {count === 0 ? null : (
        <Card className="sticky bottom-4 grid gap-3 px-5 py-4 shadow-raised">
          {save.error === null ? null : (
            <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-bad text-sm">
              {save.error.message}
            </p>
          )}
          <div className="flex flex-wrap items-end justify-between gap-3">
            <div className="min-w-0 flex-1 sm:max-w-md">
              <Field
                label="Why"
                value={note}
                onChange={(e) => setNote(e.target.value)}
                hint="kept with the version"
              />
            </div>
            <div className="w-56">
              <Field
                label="Holds from"
                type="datetime-local"
                value={effective}
                onChange={(e) => setEffective(e.target.value)}
                error={isTime(effective) ? undefined : 'a time that is still to come'}
                hint={`${Intl.DateTimeFormat().resolvedOptions().timeZone}; empty: at once`}
              />
            </div>
            <div className="flex flex-wrap items-center gap-2 pb-6">
              {changed.length === 0 || problems.size > 0 ? null : (
                <Link
                  href={whatIfLink([{ kind: 'policy', policy: differencesOf(changed) }])}
                  className="px-2 text-accent text-sm hover:underline"
                >
                  Simulate it now
                </Link>
              )}
              <Button
                look="quiet"
                onClick={() => {
                  setTyped({});
                  setMode(newest.policy.mode);
                  setWindows(newest.policy.migration_window);
                  setRules(savedRules);
                  setEffective('');
                  save.reset();
                }}
              >
                Discard
              </Button>
              <Button type="submit" look="primary" disabled={!isGood || save.isPending}>
                {`Save ${count} ${count === 1 ? 'change' : 'changes'}`}
              </Button>
            </div>
          </div>
        </Card>
      )}
    </form>
  );
}

function isTime(text: string): boolean {
  return text === '' || Date.parse(text) > Date.now();
}

function valueAt(policy: Record<string, unknown>, path: string): number {
  const found = path
    .split('.')
    .reduce<unknown>((place, name) => (place as Record<string, unknown>)[name], policy);
  return found as number;
}

/** As a document of its own: only what differs. */
function differencesOf(changed: readonly (readonly [string, string])[]): Record<string, unknown> {
  const policy: Record<string, Record<string, number> | number> = {};
  for (const [path, text] of changed) {
    const [group, name] = path.split('.') as [string, string | undefined];
    if (name === undefined) policy[group] = Number(text);
    else policy[group] = { ...(policy[group] as Record<string, number> | undefined), [name]: Number(text) };
  }
  return policy;
}

function assign(policy: Record<string, unknown>, path: string, value: number): void {
  const names = path.split('.');
  const last = names.pop()!;
  const place = names.reduce<Record<string, unknown>>(
    (at, name) => at[name] as Record<string, unknown>,
    policy,
  );
  place[last] = value;
}
