'use client';

/** When checkpoints of a group are due, and how long they are kept: a form made from the schema of the settings. */
import {
  checkpointSettingsSchema,
  type GroupCheckpointing,
  groupCheckpointingSchema,
  type CheckpointSettings as RuleSettings,
} from '@foreshard/core/checkpointing';
import { checkpoints } from '@foreshard/core/operations';
import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Control, useForm, useWatch } from 'react-hook-form';
import { toast } from 'sonner';
import type { z } from 'zod';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { SettingsEffect } from './settings-effect.tsx';
import { changedSettings, editedOf, rangeWords } from './settings-words.ts';

const NUMBERS = {
  checkpoint_threshold: 'Events that may wait',
  prediction_horizon: 'Forecast read ahead',
  failure_interval: 'Mean time between failures',
  checkpoint_share_max: 'Time spent on checkpoints, at most',
  keep_count: 'Kept of each shardlet',
  keep_hours: 'Kept for',
} as const;

/** What is typed goes as well. */
const ALL = { keepDirtyValues: false, keepDirty: false };

interface SettingsProps {
  readonly group: string;
  readonly stream: string | null;
  readonly settings: GroupCheckpointing;
}

export function CheckpointSettings({ group, stream, settings }: SettingsProps) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const form = useForm<z.input<typeof groupCheckpointingSchema>, unknown, GroupCheckpointing>({
    resolver: zodResolver(groupCheckpointingSchema),
    // what somebody else saves meanwhile comes into the form, but not over what is typed
    values: settings,
    resetOptions: { keepDirtyValues: true, keepDirty: true },
    mode: 'onChange',
  });
  const { errors, isDirty, dirtyFields } = form.formState;
  const [known, setKnown] = useState(settings);
  const changed = changedSettings(known, settings);
  if (!isDirty && changed.length > 0) setKnown(settings);
  const save = useMutation(
    trpc.operations.checkpoints.alter.mutationOptions({
      onSuccess: async ({ checkpointing }) => {
        form.reset(checkpointing, ALL);
        setKnown(checkpointing);
        toast.success(`The settings of ${group} hold from now on`);
        await client.invalidateQueries();
      },
    }),
  );
  return (
    <div className="grid items-start gap-5 xl:grid-cols-2 [&>*]:min-w-0">
      <Card aria-labelledby="checkpoint-settings">
        <CardHead
          id="checkpoint-settings"
          title="Settings"
          hint="when a checkpoint is due, and how long it is kept"
        />
        <form
          className="grid gap-5 px-5 pb-5"
          onSubmit={form.handleSubmit((values) => save.mutate({ group, ...editedOf(values, dirtyFields) }))}
        >
          <div className="grid gap-5 sm:grid-cols-2">
            <Select label="Aim" {...form.register('aim')}>
              <option value="backlog">few events wait</option>
              <option value="cost">least time is spent</option>
            </Select>
            {Object.entries(NUMBERS).map(([name, label]) => {
              const key = name as keyof typeof NUMBERS;
              const { unit, description } = metaOf(key);
              return (
                <Field
                  key={key}
                  label={label}
                  inputMode="decimal"
                  unit={unit}
                  hint={description}
                  error={errors[key] && rangeWords(key)}
                  {...form.register(key, { valueAsNumber: true })}
                />
              );
            })}
          </div>
          <div className="grid gap-2 text-sm">
            <label className="flex items-center gap-2">
              <input
                type="checkbox"
                className="size-4 accent-(--accent)"
                {...form.register('hold_retention')}
              />
              Retention waits for checkpoints: events that a restore would replay are kept
            </label>
            <label className="flex items-center gap-2">
              <input type="checkbox" className="size-4 accent-(--accent)" {...form.register('merges')} />
              The handler can merge two states of one key
            </label>
          </div>
          {isDirty && changed.length > 0 ? (
            <p role="status" className="text-sm text-warn">
              Saved by somebody else meanwhile: {changed.map(labelOf).join(', ')}. What you typed stays in the
              form, and only that is saved.
            </p>
          ) : null}
          {save.error === null ? null : <ProblemText error={save.error} />}
          <div className="flex gap-2">
            <MayButton
              may={checkpoints.alter}
              on={{ group, stream }}
              type="submit"
              look="primary"
              busy={save.isPending}
              disabled={!isDirty}
            >
              Save
            </MayButton>
            <Button type="button" disabled={!isDirty} onClick={() => form.reset(settings, ALL)}>
              Discard changes
            </Button>
          </div>
        </form>
      </Card>
      <DraftEffect group={group} saved={settings} control={form.control} />
    </div>
  );
}

type Input = z.input<typeof groupCheckpointingSchema>;

interface DraftProps {
  readonly group: string;
  readonly saved: GroupCheckpointing;
  readonly control: Control<Input, unknown, GroupCheckpointing>;
}

/** Follows the form; what cannot be saved leaves the last picture. */
function DraftEffect({ group, saved, control }: DraftProps) {
  const typed = checkpointSettingsSchema.safeParse(ruleOf(useWatch({ control })));
  const [last, setLast] = useState<RuleSettings>(ruleOf(saved));
  const draft = typed.data ?? last;
  if (JSON.stringify(draft) !== JSON.stringify(last)) setLast(draft);
  return <SettingsEffect group={group} saved={ruleOf(saved)} draft={draft} />;
}

function ruleOf<T extends Partial<Input>>({
  aim,
  checkpoint_threshold,
  prediction_horizon,
  failure_interval,
  checkpoint_share_max,
}: T): Pick<T, keyof RuleSettings> {
  return { aim, checkpoint_threshold, prediction_horizon, failure_interval, checkpoint_share_max };
}

function labelOf(name: keyof GroupCheckpointing): string {
  return { ...NUMBERS, aim: 'Aim', hold_retention: 'Retention', merges: 'Merging of states' }[name];
}

function metaOf(name: keyof typeof NUMBERS): { unit: string; description: string } {
  const meta = groupCheckpointingSchema.shape[name].meta() ?? {};
  return { unit: String(meta['x-unit'] ?? ''), description: meta.description ?? '' };
}
