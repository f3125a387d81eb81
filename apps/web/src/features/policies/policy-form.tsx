'use client';

/** The form of the policy: what is found of it, how often its rules would have fired, and the way to save it. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { LeaveWarning } from '../../components/leaving.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import type { PolicySection } from '../../server/policies/policy-fields.ts';
import { Firings } from './firings.tsx';
import { PlacementEditor } from './placement-editor.tsx';
import { keyOf, settingAt, type Version } from './policy-values.ts';
import { CLEAR_OF_BAR, SaveBar } from './save-bar.tsx';
import { ScopesEditor } from './scopes-editor.tsx';
import { SettingField } from './setting-field.tsx';
import {
  CARDS,
  type Filter,
  isCardShown,
  pathsShown,
  SECTION_TITLES,
  SHOWN,
  sectionsShown,
} from './setting-filter.ts';
import { type PolicyFormState, usePolicyForm } from './use-policy-form.ts';
import { WindowsEditor } from './windows-editor.tsx';

const EVERYTHING: Filter = { text: '', shown: 'all' };

interface FormProps {
  readonly newest: Version;
  readonly sections: readonly PolicySection[];
  readonly nowMs: number;
}

export function PolicyForm({ newest, sections, nowMs }: FormProps) {
  const fields = sections.flatMap((section) => section.fields);
  const state = usePolicyForm(newest, fields, nowMs);
  const [filter, setFilter] = useState(EVERYTHING);
  const { form, base, draft, drafted, changes, save, order } = state;
  const isShown = pathsShown(filter.shown, base.policy, draft);
  const found = sectionsShown(sections, filter, isShown);
  const cards = Object.keys(CARDS).filter((card) => isCardShown(card as keyof typeof CARDS, filter, isShown));
  return (
    <form
      className={`grid grid-cols-[minmax(0,1fr)] gap-5 ${CLEAR_OF_BAR}`}
      noValidate
      // what is wrong may be among what is not shown
      onSubmit={form.handleSubmit(
        () => save.mutate(order()),
        () => setFilter(EVERYTHING),
      )}
    >
      <FilterBar filter={filter} onChange={setFilter} />
      {cards.includes('mode') ? <ModeCard state={state} /> : null}
      {filter.text === '' && filter.shown === 'all' ? (
        <Firings saved={base.policy} draft={drafted} nowMs={nowMs} />
      ) : null}
      <Lists state={state} cards={cards} nowMs={nowMs} />
      {found.map((section) => (
        <SettingsCard key={section.name} section={section} state={state} />
      ))}
      {found.length + cards.length > 0 ? null : (
        <NothingFound filter={filter} onShowAll={() => setFilter(EVERYTHING)} />
      )}
      {changes.length === 0 ? null : (
        <>
          <SaveBar state={state} newest={newest} fields={fields} />
          <LeaveWarning unsaved={`${formatCounted(changes.length, 'change')} of the policy`} />
        </>
      )}
    </form>
  );
}

function FilterBar({ filter, onChange }: { filter: Filter; onChange(filter: Filter): void }) {
  return (
    <search className="flex flex-wrap items-center gap-3">
      <input
        type="search"
        aria-label="Search settings"
        placeholder="Search settings, such as cooldown or copy"
        className={`${inputClass} sm:max-w-sm`}
        value={filter.text}
        onChange={(e) => onChange({ ...filter, text: e.target.value })}
      />
      <Segmented
        label="Settings shown"
        value={filter.shown}
        choices={SHOWN}
        onChange={(shown) => onChange({ ...filter, shown })}
      />
    </search>
  );
}

function NothingFound({ filter: { text, shown }, onShowAll }: { filter: Filter; onShowAll(): void }) {
  const why = { all: '', changed: 'Every setting has its default.', unsaved: 'Every change is saved.' };
  return (
    <Card>
      <Notice title="No settings found" why={text === '' ? why[shown] : `None has all words of "${text}".`}>
        <Button size="sm" onClick={onShowAll}>
          Show all settings
        </Button>
      </Notice>
    </Card>
  );
}

const MODES = [
  ['forecast-only', 'Forecast only'],
  ['ask', 'Ask'],
  ['auto', 'Auto'],
] as const;

const MODE_MEANS = {
  'forecast-only': 'Plans and explains. Nothing can be approved',
  ask: 'Every plan waits for a person',
  auto: 'Plans that meet the criteria under “auto” are carried out; the others wait for a person',
} as const;

function ModeCard({ state: { form, values } }: { state: PolicyFormState }) {
  return (
    <Card aria-labelledby="mode-title">
      <CardHead id="mode-title" title="Mode" hint={MODE_MEANS[values.mode]}>
        <Segmented
          label="Mode"
          value={values.mode}
          choices={MODES}
          onChange={(mode) => form.setValue('mode', mode)}
        />
      </CardHead>
      <label className="flex items-center gap-2 px-5 pb-4 text-sm">
        <input type="checkbox" className="size-4 accent-(--accent)" {...form.register('fourEyes')} />
        Four eyes: two people approve each plan
      </label>
    </Card>
  );
}

/** Windows, scopes and rules of placement. */
function Lists({ state, cards, nowMs }: { state: PolicyFormState; cards: readonly string[]; nowMs: number }) {
  const trpc = useTRPC();
  const choices = useQuery(trpc.shardlets.choices.queryOptions());
  const hosts = useQuery(trpc.hosts.list.queryOptions());
  const { form, values } = state;
  const streams = choices.data?.streams ?? [];
  return (
    <>
      {cards.includes('windows') ? (
        <WindowsEditor
          windows={values.windows}
          nowMs={nowMs}
          onChange={(next) => form.setValue('windows', next)}
        />
      ) : null}
      {cards.includes('scopes') ? (
        <ScopesEditor
          scopes={values.scopes}
          streams={streams}
          clusters={choices.data?.clusters ?? []}
          onChange={(next) => form.setValue('scopes', next)}
        />
      ) : null}
      {cards.includes('placement') ? (
        <PlacementEditor
          rules={values.rules}
          streams={streams}
          hosts={hosts.data?.map(({ labels }) => labels)}
          onChange={(next) => form.setValue('rules', next)}
        />
      ) : null}
    </>
  );
}

function SettingsCard({
  section: { name, fields },
  state,
}: {
  section: PolicySection;
  state: PolicyFormState;
}) {
  const { form, base, problems } = state;
  return (
    <Card aria-labelledby={`section-${name}`}>
      <CardHead id={`section-${name}`} title={SECTION_TITLES[name] ?? name} />
      <div className="grid gap-x-6 gap-y-5 border-line border-t px-5 py-4 sm:grid-cols-2 xl:grid-cols-3">
        {fields.map((field) => (
          <SettingField
            key={field.path}
            field={field}
            control={form.control}
            saved={settingAt(base.policy, field.path)}
            problem={problems.get(`settings.${keyOf(field.path)}`)}
          />
        ))}
      </div>
    </Card>
  );
}
