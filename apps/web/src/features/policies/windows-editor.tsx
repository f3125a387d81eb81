'use client';

import { nextWindow } from '@foreshard/core/advising';
/** When approved work may begin: times of day in a zone, and when the next one is. */
import { Plus, Trash2 } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Select, SmallField } from '../../components/ui/field.tsx';
import { When } from '../../components/when.tsx';

export interface Window {
  readonly from: string;
  readonly to: string;
  readonly zone: string;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const WINDOWS_MAX = 32;
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

export function isGoodWindow({ from, to }: Window): boolean {
  return TIME.test(from) && TIME.test(to) && from !== to;
}

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
  const set = (index: number, change: Partial<Window>) =>
    onChange(windows.map((one, i) => (i === index ? { ...one, ...change } : one)));
  return (
    <Card aria-labelledby="windows-title">
      <CardHead
        id="windows-title"
        title="Migration windows"
        hint="when approved work may begin; none: at any time. A window may go past midnight"
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
          There is none: work begins when it is approved.
        </p>
      ) : (
        <ul className="grid gap-3 border-line border-t px-5 py-4">
          {windows.map((window, i) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: two windows may be equal
              key={i}
              className="grid grid-cols-2 items-end gap-x-4 gap-y-2 sm:grid-cols-[8rem_8rem_minmax(10rem,18rem)_minmax(0,1fr)_auto]"
            >
              <TimeOfDay label="From" value={window.from} onChange={(from) => set(i, { from })} />
              <TimeOfDay label="To" value={window.to} onChange={(to) => set(i, { to })} />
              <Select
                label="Time zone"
                value={window.zone}
                onChange={(e) => set(i, { zone: e.target.value })}
              >
                {[window.zone, ...ZONES.filter((zone) => zone !== window.zone)].map((zone) => (
                  <option key={zone}>{zone}</option>
                ))}
              </Select>
              <p className="pb-2 text-soft text-xs">
                {isGoodWindow(window) ? (
                  <>
                    {nextWindow([window], nowMs) === nowMs ? 'open now' : 'next '}
                    {nextWindow([window], nowMs) === nowMs ? null : (
                      <When ms={nextWindow([window], nowMs)} nowMs={nowMs} />
                    )}
                  </>
                ) : (
                  <span className="text-bad">two different times of day</span>
                )}
              </p>
              <Button
                look="quiet"
                size="icon"
                aria-label={`Remove the window from ${window.from} to ${window.to}`}
                onClick={() => onChange(windows.toSpliced(i, 1))}
              >
                <Trash2 />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Card>
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
