'use client';

/** One setting: its number, its unit, what it does, its default and the way back to it. */
import { RotateCcw } from 'lucide-react';
import { type Ref, useId } from 'react';
import { useController } from 'react-hook-form';
import { cn } from '../../components/class-names.ts';
import { inputClass } from '../../components/ui/field.tsx';
import type { PolicyField } from '../../server/policies/policy-fields.ts';
import { keyOf, labelOf } from './policy-values.ts';
import { readSetting, settingText, splitUnit, type Typed, typedOf, unitsOf } from './setting-units.ts';
import type { PolicyFormState } from './use-policy-form.ts';

interface SettingProps {
  readonly field: PolicyField;
  readonly control: PolicyFormState['form']['control'];
  /** as it is saved */
  readonly saved: number;
  readonly problem: string | undefined;
}

export function SettingField({ field, control, saved, problem }: SettingProps) {
  const { path, unit, description, preset } = field;
  const id = useId();
  const label = labelOf(path);
  const input = useController({ control, name: `settings.${keyOf(path)}` as const });
  const typed = input.field.value;
  const value = readSetting(typed, unit);
  return (
    <div className="grid content-start gap-1.5">
      <div className="flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="font-medium text-sm">
          {label}
        </label>
        {value === saved ? null : <span className="text-accent text-xs">not saved</span>}
      </div>
      <Quantity
        {...{ id, label, typed, kind: unit, isBad: problem !== undefined }}
        inputRef={input.field.ref}
        onChange={input.field.onChange}
        onBlur={input.field.onBlur}
      />
      <p id={`${id}-hint`} className={cn('text-xs', problem === undefined ? 'text-faint' : 'text-bad')}>
        {problem ?? sentence(description)}
      </p>
      <Origin
        label={label}
        preset={settingText(preset, unit)}
        saved={value === saved ? undefined : settingText(saved, unit)}
        isPreset={value === preset}
        onReset={() => input.field.onChange(typedOf(preset, unit))}
      />
    </div>
  );
}

interface QuantityProps {
  readonly id: string;
  readonly label: string;
  readonly typed: Typed;
  readonly kind: string;
  readonly isBad: boolean;
  readonly inputRef: Ref<HTMLInputElement>;
  onChange(typed: Typed): void;
  onBlur(): void;
}

/** A unit may be typed after the number too; it is taken over when the field is left. */
function Quantity({ id, label, typed, kind, isBad, inputRef, onChange, onBlur }: QuantityProps) {
  const units = unitsOf(kind);
  return (
    <div className="flex gap-1.5">
      <input
        id={id}
        ref={inputRef}
        inputMode="decimal"
        autoComplete="off"
        aria-invalid={isBad}
        aria-describedby={`${id}-hint`}
        className={cn(inputClass, 'min-w-0 flex-1')}
        value={typed.text}
        onChange={(e) => onChange({ ...typed, text: e.target.value })}
        onBlur={() => {
          onChange(splitUnit(typed, kind));
          onBlur();
        }}
      />
      {units.length === 1 ? (
        <span className="grid min-w-12 place-items-center text-faint text-xs">{units[0]}</span>
      ) : (
        <select
          aria-label={`Unit of ${label}`}
          className={cn(inputClass, 'w-20 shrink-0 px-2')}
          value={splitUnit(typed, kind).unit}
          onChange={(e) => onChange({ text: splitUnit(typed, kind).text, unit: e.target.value })}
        >
          {units.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
    </div>
  );
}

interface OriginProps {
  readonly label: string;
  readonly preset: string;
  readonly saved: string | undefined;
  readonly isPreset: boolean;
  onReset(): void;
}

function Origin({ label, preset, saved, isPreset, onReset }: OriginProps) {
  return (
    <p className="tabular flex flex-wrap items-center gap-x-2 text-faint text-xs">
      {saved === undefined ? null : <span>{`Saved: ${saved}`}</span>}
      <span>{`Default: ${preset}`}</span>
      {isPreset ? null : (
        <button
          type="button"
          aria-label={`Reset ${label} to its default, ${preset}`}
          className="inline-flex items-center gap-1 rounded-sm font-medium text-accent hover:underline"
          onClick={onReset}
        >
          <RotateCcw aria-hidden className="size-3" /> Reset
        </button>
      )}
    </p>
  );
}

/** Descriptions of the schema are parts of sentences. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
