'use client';

import { Field } from '../../components/ui/field.tsx';
import type { FieldErrors, StreamField, StreamText } from './stream-form.ts';

type Change = (change: Partial<StreamText>) => void;

/** Fixed when the stream is created: consumers rely on them. */
export function IdentityFields({
  text,
  errors,
  onChange,
}: {
  text: StreamText;
  errors: FieldErrors;
  onChange: Change;
}) {
  return (
    <>
      <Field
        label="Name"
        value={text.name}
        onChange={(e) => onChange({ name: e.target.value })}
        error={errors.name}
        hint="Part of every path: /v1/streams/NAME/events"
        autoComplete="off"
        spellCheck={false}
        autoFocus
      />
      <Field
        label="Shards"
        inputMode="numeric"
        value={text.shardCount}
        onChange={(e) => onChange({ shardCount: e.target.value })}
        error={errors.shardCount}
        hint="Fixed slices of the key space; each can later be split into shardlets. Cannot be changed."
      />
      <label className="flex items-start gap-2.5 text-sm">
        <input
          type="checkbox"
          checked={text.splitKeys}
          onChange={(e) => onChange({ splitKeys: e.target.checked })}
          className="mt-0.5 size-4 accent-(--accent)"
        />
        <span>
          A single hot key may be split
          <span className="block text-xs text-faint">
            Order within a split key then needs the token of each answer. Cannot be changed.
          </span>
        </span>
      </label>
    </>
  );
}

/** May be changed at any time. */
export function SettingsFields({
  text,
  errors,
  onChange,
}: {
  text: StreamText;
  errors: FieldErrors;
  onChange: Change;
}) {
  const amount = (field: StreamField & ('retentionHours' | 'retentionGigabytes' | 'dedupMinutes')) => ({
    inputMode: 'decimal' as const,
    value: text[field],
    onChange: (e: { target: { value: string } }) => onChange({ [field]: e.target.value }),
    error: errors[field],
  });
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field
        label="Keep for"
        unit="hours"
        placeholder="for ever"
        hint="Older events are trimmed"
        {...amount('retentionHours')}
      />
      <Field
        label="Keep at most"
        unit="GB"
        placeholder="no limit"
        hint="Over the whole stream"
        {...amount('retentionGigabytes')}
      />
      <Field
        label="Deduplication window"
        unit="minutes"
        hint="A retried event is stored once within it"
        {...amount('dedupMinutes')}
      />
    </div>
  );
}
