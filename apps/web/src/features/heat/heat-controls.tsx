'use client';

import { Lock, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { localOf } from '../annotations/annotation-form.ts';
import { type ColourScale, PALETTES, SCALES, type ScaleMode } from './colour-scale.ts';
import { type HeatAddress, NOT_PINNED, type SetHeatAddress, SPANS, type Span } from './heat-address.ts';
import { METRIC_TITLES } from './heat-words.ts';

const METRICS = Object.entries(METRIC_TITLES) as [keyof typeof METRIC_TITLES, string][];
const SPAN_NAMES = Object.keys(SPANS) as Span[];
/** A zoomed view is another place: the pinned cell and the zoom belong to the old one. */
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** as many as the server shows */
const DAYS_MAX = 400;
const ELSEWHERE = { from: null, to: null, low: null, high: null, ...NOT_PINNED };

/** What to show. */
export function HeatControls({
  address,
  set,
  streams,
  stream,
}: {
  address: HeatAddress;
  set: SetHeatAddress;
  streams: readonly string[];
  stream: string | undefined;
}) {
  const isLive = address.from === null;
  const isZoomed = !isLive || address.low !== null || address.shard !== null;
  return (
    <div className="flex min-w-0 max-w-full flex-wrap items-end gap-x-4 gap-y-3">
      <Select
        label="Stream"
        className="w-36"
        value={stream ?? ''}
        onChange={(event) =>
          void set({ stream: event.target.value, ...ELSEWHERE, shard: null }, { history: 'push' })
        }
      >
        {streams.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Segmented
        label="Metric"
        value={address.metric}
        choices={METRICS}
        onChange={(metric) => void set({ metric, ...UNLOCKED, scale: null }, { history: 'push' })}
      />
      <Segmented
        label="Time"
        value={isLive ? address.span : ('' as Span)}
        choices={SPAN_NAMES.map((name) => [name, name] as const)}
        onChange={(span) => void set({ span, ...ELSEWHERE }, { history: 'push' })}
      />
      <TimeRange address={address} set={set} />
      {address.shard === null ? null : (
        <Badge>
          shard {address.shard}
          <button
            type="button"
            aria-label="Show all shards"
            className="ml-1"
            onClick={() => void set({ shard: null, low: null, high: null }, { history: 'push' })}
          >
            ×
          </button>
        </Badge>
      )}
      {isZoomed ? (
        <Button onClick={() => void set({ ...ELSEWHERE, shard: null }, { history: 'push' })}>
          <RotateCcw /> Show all
        </Button>
      ) : null}
    </div>
  );
}

/** From and to by calendar, in the time of this browser. */
function TimeRange({ address, set }: { address: HeatAddress; set: SetHeatAddress }) {
  const [given, setGiven] = useState<{ from: string; to: string }>();
  const nowMs = Date.now();
  const shown = given ?? {
    from: localOf(address.from ?? nowMs - SPANS[address.span] * HOUR_MS),
    to: localOf(address.to ?? nowMs),
  };
  const [from, to] = [Date.parse(shown.from), Date.parse(shown.to)];
  const wrong = !(to - from >= MINUTE_MS)
    ? 'The end must be at least a minute after the beginning.'
    : to - from > DAYS_MAX * 24 * HOUR_MS
      ? `At most ${DAYS_MAX} days can be shown.`
      : undefined;
  return (
    <details className="relative text-sm">
      <summary className="flex h-8 cursor-pointer list-none items-center rounded-md border border-line px-3 text-soft hover:bg-hover">
        From … to …
      </summary>
      <form
        className="absolute z-20 mt-1 grid w-64 gap-3 rounded-md border border-line bg-surface p-4 shadow-lg"
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong !== undefined) return;
          event.currentTarget.closest('details')?.removeAttribute('open');
          setGiven(undefined);
          void set({ ...ELSEWHERE, from, to }, { history: 'push' });
        }}
      >
        <Field
          label="From (local time)"
          type="datetime-local"
          value={shown.from}
          onChange={(event) => setGiven({ ...shown, from: event.target.value })}
        />
        <Field
          label="To (local time)"
          type="datetime-local"
          value={shown.to}
          onChange={(event) => setGiven({ ...shown, to: event.target.value })}
        />
        {wrong === undefined ? null : (
          <p role="alert" className="text-bad text-xs">
            {wrong}
          </p>
        )}
        <Button type="submit" look="primary" disabled={wrong !== undefined}>
          Show
        </Button>
      </form>
    </details>
  );
}

/** How to show it. */
export function HeatLook({
  address,
  set,
  scale,
}: {
  address: HeatAddress;
  set: SetHeatAddress;
  scale: ColourScale;
}) {
  const isOfForecast = address.metric === 'forecast' || address.metric === 'residual';
  return (
    <div className="flex flex-wrap items-end gap-x-4 gap-y-3 text-xs">
      <Segmented
        label="Colour scale"
        value={address.scale}
        choices={SCALES.map((mode) => [mode, SCALE_NAMES[mode]] as const)}
        onChange={(mode) => void set({ scale: mode, ...(mode === 'locked' ? endsOf(scale) : UNLOCKED) })}
      />
      {address.scale === 'locked' ? (
        <Button
          onClick={() => void set({ scale: 'auto', ...UNLOCKED })}
          title="Fit the scale to what is shown now"
        >
          <Lock /> Rescale
        </Button>
      ) : null}
      {address.metric === 'residual' ? null : (
        <Segmented
          label="Palette"
          value={address.palette}
          choices={PALETTES.map((palette) => [palette, PALETTE_NAMES[palette]] as const)}
          onChange={(palette) => void set({ palette })}
        />
      )}
      <label className="grid gap-1 text-faint">
        Brightness
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={address.bright}
          onChange={(event) => void set({ bright: Number(event.target.value) })}
          className="w-28 accent-(--accent)"
        />
      </label>
      {isOfForecast ? null : (
        <Toggle label="Same time last week" on={address.week} onChange={(week) => void set({ week })} />
      )}
      {address.metric === 'residual' ? null : (
        <Toggle label="Forecast" on={address.ahead} onChange={(ahead) => void set({ ahead })} />
      )}
      <Toggle label="Splits and moves" on={address.marks} onChange={(marks) => void set({ marks })} />
      <Toggle label="Annotations" on={address.notes} onChange={(notes) => void set({ notes })} />
    </div>
  );
}

const UNLOCKED = { max: null, knee: null };

function endsOf({ max, knee }: ColourScale) {
  return { max, knee };
}

const SCALE_NAMES: Readonly<Record<ScaleMode, string>> = {
  auto: 'Auto',
  locked: 'Locked',
  'min-max': 'Min to max',
};
const PALETTE_NAMES: Readonly<Record<(typeof PALETTES)[number], string>> = {
  cividis: 'Cividis',
  viridis: 'Viridis',
  grey: 'Grey',
};

function Toggle({ label, on, onChange }: { label: string; on: boolean; onChange(on: boolean): void }) {
  return (
    <label className="flex h-8 cursor-pointer items-center gap-2 text-soft">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-(--accent)"
      />
      {label}
    </label>
  );
}
