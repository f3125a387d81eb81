'use client';

/** When approved work may begin: times of day in a zone, on some weekdays, and when the next one is. */
import { nextWindow } from '@foreshard/core/advising';
import { WEEKDAYS, type Weekday } from '@foreshard/core/planning';
import { Plus, Trash2 } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import { When } from '../../components/when.tsx';
import { isGoodWindow, type Window, withDay } from './window-text.ts';

const WINDOWS_MAX = 32;
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
const DAY_NAMES: Record<Weekday, string> = {
  ...{ mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday' },
  ...{ fri: 'Friday', sat: 'Saturday', sun: 'Sunday' },
};

export function WindowsEditor({
  windows,
  nowMs,
  onChange,
}: {
  windows: readonly Window[];
  nowMs: number;
  onChange(windows: readonly Window[]): void;
}) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Card aria-labelledby="windows-title">
      <CardHead
        id="windows-title"
        title="Migration windows"
        hint="When approved work may begin. Without windows: at any time. A window may go past midnight"
      >
        <Button
          size="sm"
          disabled={windows.length >= WINDOWS_MAX}
          onClick={() => onChange([...windows, { from: '03:00', to: '05:00', zone: own }])}
        >
          <Plus /> Add a window
        </Button>
      </CardHead>
      {windows.length === 0 ? (
        <p className="border-line border-t px-5 py-4 text-sm text-soft">
          No windows: work begins when it is approved.
        </p>
      ) : (
        <ul className="divide-y divide-line border-line border-t">
          {windows.map((window, i) => (
            <WindowRow
              // biome-ignore lint/suspicious/noArrayIndexKey: two windows may be equal
              key={i}
              window={window}
              nowMs={nowMs}
              onChange={(next) => onChange(windows.with(i, next))}
              onRemove={() => onChange(windows.toSpliced(i, 1))}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

interface RowProps {
  readonly window: Window;
  readonly nowMs: number;
  onChange(window: Window): void;
  onRemove(): void;
}

function WindowRow({ window, nowMs, onChange, onRemove }: RowProps) {
  const { from, to, zone } = window;
  return (
    <li className="grid gap-x-4 gap-y-3 px-5 py-4">
      <div className="grid grid-cols-2 items-end gap-x-4 gap-y-2 sm:grid-cols-[8rem_8rem_minmax(10rem,18rem)_minmax(0,1fr)_auto]">
        <TimeOfDay label="From" value={from} onChange={(next) => onChange({ ...window, from: next })} />
        <TimeOfDay label="To" value={to} onChange={(next) => onChange({ ...window, to: next })} />
        <Select
          label="Time zone"
          value={zone}
          className="max-sm:col-span-2"
          onChange={(e) => onChange({ ...window, zone: e.target.value })}
        >
          {[zone, ...ZONES.filter((one) => one !== zone)].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
        <p className="pb-2 text-soft text-xs">
          <NextOpening window={window} nowMs={nowMs} />
        </p>
        <Button
          look="quiet"
          size="icon"
          className="justify-self-end"
          aria-label={`Remove the window from ${from} to ${to}`}
          onClick={onRemove}
        >
          <Trash2 />
        </Button>
      </div>
      <Weekdays window={window} onChange={onChange} />
    </li>
  );
}

function NextOpening({ window, nowMs }: { window: Window; nowMs: number }) {
  const { from, to, days } = window;
  if (days?.length === 0) return <span className="text-bad">Choose at least one weekday</span>;
  if (!isGoodWindow(window)) return <span className="text-bad">Two different times of day</span>;
  const nextMs = nextWindow([window], nowMs);
  const crosses = from > to && days !== undefined ? ', until the morning after' : '';
  if (nextMs === nowMs) return <>{`Open now${crosses}`}</>;
  return (
    <>
      Next <When ms={nextMs} nowMs={nowMs} />
      {crosses}
    </>
  );
}

/** On which a window begins. */
function Weekdays({ window, onChange }: Pick<RowProps, 'window' | 'onChange'>) {
  const { from, to, days = WEEKDAYS } = window;
  return (
    <fieldset className="flex flex-wrap gap-1">
      <legend className="sr-only">{`Weekdays of the window from ${from} to ${to}`}</legend>
      {WEEKDAYS.map((day) => (
        <label
          key={day}
          className="relative rounded-md border border-line-strong px-2.5 py-1 text-soft text-xs has-checked:border-accent-line has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-(--focus) has-focus-visible:outline-offset-2"
        >
          <input
            type="checkbox"
            className="absolute inset-0 cursor-pointer opacity-0"
            aria-label={DAY_NAMES[day]}
            checked={days.includes(day)}
            onChange={(e) => onChange(withDay(window, day, e.target.checked))}
          />
          {DAY_NAMES[day].slice(0, 3)}
        </label>
      ))}
    </fieldset>
  );
}

function TimeOfDay({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
}) {
  return (
    <SmallField label={label} type="time" value={value} onChange={(event) => onChange(event.target.value)} />
  );
}
