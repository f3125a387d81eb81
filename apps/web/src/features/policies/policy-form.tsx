'use client';

/**
 * The form of the policy. It keeps what was typed apart from the version it was begun on: when somebody saves another one
 * meanwhile, nothing typed is lost, and it can be laid onto the new version.
 */
import { policy } from '@foreshard/core/operations';
import type { PlacementRule, PolicyScope } from '@foreshard/core/planning';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useDeferredValue, useState } from 'react';
import { toast } from 'sonner';
import type { z } from 'zod';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { formatMoment } from '../../formatting/time.ts';
import type { PolicySection } from '../../server/policies/policy-fields.ts';
import { whatIfLink } from '../what-if/what-if-address.ts';
import { Firings } from './firings.tsx';
import { PlacementEditor, type RuleText, ruleOf, ruleProblem, ruleText } from './placement-editor.tsx';
import { ScopesEditor, type ScopeText, scopeOf, scopeProblem, scopeText } from './scopes-editor.tsx';
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
  anticipation: 'Anticipation',
};

type Policy = {
  readonly mode: keyof typeof MODE_MEANS;
  readonly four_eyes: boolean;
  readonly migration_window: readonly Window[];
  readonly placement: readonly PlacementRule[];
  readonly scopes: readonly PolicyScope[];
} & Record<string, unknown>;

interface Version {
  readonly version: number;
  readonly actor: string;
  readonly effectiveMs: number;
  readonly policy: Policy;
}

/** What somebody has changed; what is left out is as it was. */
interface Changes {
  readonly mode?: Policy['mode'];
  readonly fourEyes?: boolean;
  /** what was typed, by path */
  readonly typed: Readonly<Record<string, string>>;
  readonly windows?: readonly Window[];
  readonly rules?: readonly RuleText[];
  readonly scopes?: readonly ScopeText[];
}

const NO_CHANGES: Changes = { typed: {} };

export function PolicyForm({
  newest,
  sections,
  nowMs,
}: {
  newest: Version;
  sections: readonly PolicySection[];
  nowMs: number;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [changes, setChanges] = useState(NO_CHANGES);
  /** what the changes were begun on */
  const [base, setBase] = useState(newest);
  const change = (more: Partial<Changes>) => setChanges({ ...changes, ...more });
  const { typed } = changes;
  const mode = changes.mode ?? base.policy.mode;
  const fourEyes = changes.fourEyes ?? base.policy.four_eyes;
  const windows = changes.windows ?? base.policy.migration_window;
  const savedRules = base.policy.placement.map(ruleText);
  const rules = changes.rules ?? savedRules;
  const savedScopes = base.policy.scopes.map(scopeText);
  const scopes = changes.scopes ?? savedScopes;
  const choices = useQuery(trpc.shardlets.choices.queryOptions());
  const hosts = useQuery(trpc.hosts.list.queryOptions());
  const [note, setNote] = useState('');
  /** empty: at once */
  const [effective, setEffective] = useState('');
  const save = useMutation(
    trpc.operations.policy.change.mutationOptions({
      onSuccess: async ({ version, absent }) => {
        toast.success(`Version ${version} holds ${effective === '' ? 'from now on' : 'from that time on'}`);
        if (absent.length > 0)
          toast.warning(`No ${absent.join(', no ')}`, {
            description: 'What the policy says of it has no effect until it exists.',
          });
        await client.invalidateQueries();
        discard();
      },
      // most often because somebody has saved another version
      onError: () => client.invalidateQueries({ queryKey: trpc.policies.current.queryKey() }),
    }),
  );
  const discard = () => {
    setChanges(NO_CHANGES);
    setNote('');
    setEffective('');
    save.reset();
  };
  const problems = new Map(
    sections
      .flatMap(({ fields }) => fields)
      .flatMap(({ path, least, most, isWhole }) => {
        const text = typed[path];
        if (text === undefined) return [];
        const value = Number(text);
        const isGood =
          text.trim() !== '' && value >= least && value <= most && (!isWhole || Number.isInteger(value));
        const kind = isWhole ? 'whole number' : 'number';
        return isGood ? [] : [[path, `a ${kind} from ${least} to ${most}`] as const];
      }),
  );
  const changed = Object.entries(typed).filter(([path, text]) => Number(text) !== valueAt(base.policy, path));
  const areWindowsNew = JSON.stringify(windows) !== JSON.stringify(base.policy.migration_window);
  const areRulesNew = JSON.stringify(rules) !== JSON.stringify(savedRules);
  const areScopesNew = JSON.stringify(scopes) !== JSON.stringify(savedScopes);
  const isFourEyesNew = fourEyes !== base.policy.four_eyes;
  const others = [mode !== base.policy.mode, isFourEyesNew, areWindowsNew, areRulesNew, areScopesNew];
  const count = changed.length + others.filter(Boolean).length;
  const isBehind = newest.version !== base.version;
  // nothing typed could be lost
  if (isBehind && count === 0 && problems.size === 0) setBase(newest);
  const areRulesGood = rules.every((rule) => ruleProblem(rule) === undefined);
  const areScopesGood = scopes.every((scope) => scopeProblem(scope) === undefined);
  const isGood = problems.size === 0 && windows.every(isGoodWindow) && areRulesGood && areScopesGood;
  const timeProblem = problemOfTime(effective, base, nowMs);
  const draft = (): Record<string, unknown> => {
    const made = structuredClone(base.policy) as Record<string, unknown>;
    made.mode = mode;
    made.four_eyes = fourEyes;
    made.migration_window = windows;
    made.placement = rules.map(ruleOf);
    made.scopes = scopes.map(scopeOf);
    for (const [path, text] of changed) assign(made, path, Number(text));
    return made;
  };
  const order = (): z.input<typeof policy.change.input> => ({
    ...{ from: base.version, policy: draft() as never, note },
    ...(effective === '' ? {} : { effectiveAt: new Date(effective).toISOString() }),
  });
  const drafted = useDeferredValue(count > 0 && isGood ? JSON.stringify(draft()) : undefined);
  return (
    <form
      className="grid gap-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(order());
      }}
    >
      <Card aria-labelledby="mode-title">
        <CardHead id="mode-title" title="Mode" hint={MODE_MEANS[mode]}>
          <Segmented label="Mode" value={mode} choices={MODES} onChange={(next) => change({ mode: next })} />
        </CardHead>
        <label className="flex items-center gap-2 px-4 pb-4 text-sm">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            checked={fourEyes}
            onChange={(event) => change({ fourEyes: event.target.checked })}
          />
          Four eyes: two people approve each plan
        </label>
      </Card>
      <Firings
        saved={base.policy as never}
        draft={drafted === undefined ? undefined : JSON.parse(drafted)}
        nowMs={nowMs}
      />
      <WindowsEditor windows={windows} nowMs={nowMs} onChange={(next) => change({ windows: next })} />
      <ScopesEditor
        scopes={scopes}
        streams={choices.data?.streams ?? []}
        clusters={choices.data?.clusters ?? []}
        onChange={(next) => change({ scopes: next })}
      />
      <PlacementEditor
        rules={rules}
        streams={choices.data?.streams ?? []}
        hosts={hosts.data?.map(({ labels }) => labels)}
        onChange={(next) => change({ rules: next })}
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
                  value={typed[path] ?? String(valueAt(base.policy, path))}
                  onChange={(event) => change({ typed: { ...typed, [path]: event.target.value } })}
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
          <ProblemText error={save.error} />
          {isBehind && !save.isPending ? (
            <div className="flex flex-wrap items-center justify-between gap-3 rounded-md bg-warn-soft px-3 py-2 text-sm">
              <p>
                Version {newest.version} by {newest.actor} has been saved since you began. What you typed is
                still here.
              </p>
              <Button
                size="sm"
                onClick={() => {
                  setBase(newest);
                  save.reset();
                }}
              >
                Put my changes on version {newest.version}
              </Button>
            </div>
          ) : null}
          <div className="flex flex-wrap items-start justify-between gap-3">
            <div className="min-w-0 flex-1 max-sm:basis-full sm:max-w-md">
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
                error={timeProblem}
                hint={`${Intl.DateTimeFormat().resolvedOptions().timeZone}; empty: at once`}
              />
            </div>
            <div className="flex flex-wrap items-center gap-2 sm:pt-6">
              {changed.length === 0 || problems.size > 0 ? null : (
                <Link
                  href={whatIfLink([{ kind: 'policy', policy: differencesOf(changed) }])}
                  className="px-2 text-accent text-sm hover:underline"
                >
                  Simulate it now
                </Link>
              )}
              {isGood && timeProblem === undefined ? (
                <EdgeCurl operation={policy.change} input={order()} />
              ) : null}
              <Button look="quiet" onClick={discard}>
                Discard
              </Button>
              <MayButton
                may={policy.change}
                type="submit"
                look="primary"
                disabled={!isGood || timeProblem !== undefined || save.isPending || isBehind}
              >
                {`Save ${count} ${count === 1 ? 'change' : 'changes'}`}
              </MayButton>
            </div>
          </div>
        </Card>
      )}
    </form>
  );
}

/** Empty: at once. What is still to come may not hold before its time. */
function problemOfTime(text: string, { version, effectiveMs }: Version, nowMs: number): string | undefined {
  if (effectiveMs > nowMs && (text === '' || Date.parse(text) < effectiveMs))
    return (
      `version ${version} holds only from ${formatMoment(effectiveMs, 'local')} on: not before that, or let an ` +
      'earlier version hold again'
    );
  return text === '' || Date.parse(text) > Date.now() ? undefined : 'a time that is still to come';
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
