'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { measuredMetric } from '../../server/heat/heat-query.ts';
import { CellCard, KeptCell } from './cell-card.tsx';
import { type ColourScale, colourScale, type Palette, paletteFor } from './colour-scale.ts';
import { type HeatAddress, type SetHeatAddress, useHeatAddress, useTimeWindow } from './heat-address.ts';
import { type HeatCells, type Margins, marginsOf, rowAt, unpack } from './heat-cells.ts';
import { HeatControls, HeatLook } from './heat-controls.tsx';
import { HeatExport } from './heat-export.tsx';
import { HeatFigure } from './heat-figure.tsx';
import { HeatLegend } from './heat-legend.tsx';
import type { Cell } from './heat-plot.tsx';
import { HeatTable } from './heat-table.tsx';
import { type View, wholeCells } from './heat-view.ts';
import { METRIC_TITLES, mergingWords } from './heat-words.ts';
import { PatternBanner } from './pattern-banner.tsx';
import { SavedViews } from './saved-views.tsx';

const WEEK_MS = 7 * 86_400_000;
const COLUMNS = 1_000;
const ROWS = 500;
const LIVE_REFRESH_MS = 15_000;
/** of pictures made of hours */
const LONG_REFRESH_MS = 120_000;
const LONG_MS = 48 * 3_600_000;

export function HeatPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [address, set] = useHeatAddress();
  const window = useTimeWindow(address);
  const query = queryOf(address, window);
  const refreshMs = window.toMs - window.fromMs > LONG_MS ? LONG_REFRESH_MS : LIVE_REFRESH_MS;
  const refetchInterval = window.isLive && status !== 'paused' ? refreshMs : false;
  const { metric } = address;
  const ofForecast = metric === 'forecast' || metric === 'residual' ? metric : undefined;
  const measured = useQuery({
    ...trpc.heat.picture.queryOptions(query),
    placeholderData: keepPreviousData,
    refetchInterval,
    enabled: ofForecast === undefined,
  });
  const forecast = useQuery({
    ...trpc.heat.forecast.queryOptions({ ...query, show: ofForecast ?? 'forecast' }),
    placeholderData: keepPreviousData,
    refetchInterval,
    enabled: ofForecast !== undefined,
  });
  const picture = ofForecast === undefined ? measured : forecast;
  const before = useQuery({
    ...trpc.heat.picture.queryOptions({
      ...query,
      fromMs: query.fromMs - WEEK_MS,
      toMs: query.toMs - WEEK_MS,
    }),
    placeholderData: keepPreviousData,
    enabled: address.week && ofForecast === undefined,
  });
  const choices = useQuery(trpc.shardlets.choices.queryOptions());
  const cells = useMemo(() => (picture.data == null ? undefined : unpack(picture.data)), [picture.data]);
  const lastWeek = useMemo(
    () => (before.data === undefined ? undefined : unpack(before.data)),
    [before.data],
  );
  const streams = [...(choices.data?.streams ?? []), ...(choices.data?.clusters ?? [])];
  return (
    <Card className="overflow-hidden">
      <div className="flex flex-wrap items-end justify-between gap-3 px-5 py-4">
        <HeatControls
          address={address}
          set={set}
          streams={streams.length === 0 && cells !== undefined ? [cells.stream] : streams}
          stream={address.stream ?? cells?.stream}
        />
        <div className="flex gap-2">
          <SavedViews />
          {cells === undefined ? null : <HeatExport cells={cells} />}
        </div>
      </div>
      {picture.error !== null && cells === undefined ? (
        <Unreadable
          title="The heat map could not be read"
          error={picture.error}
          onRetry={() => void picture.refetch()}
        />
      ) : picture.data === null || (ofForecast !== undefined && cells !== undefined && isEmpty(cells)) ? (
        <Notice title={NOTHING_FORECAST[ofForecast ?? 'forecast']} why={WHEN_FORECAST} />
      ) : cells === undefined ? (
        <Loading className="mx-5 mb-5 h-[min(58vh,34rem)]" />
      ) : isEmpty(cells) ? (
        <Notice
          title="Nothing is known of this time"
          why="Load is recorded from the first event on, minute by minute, while a worker runs. Choose another time, send events, or import the history of a trace: foreshard import-history --trace FILE."
        />
      ) : (
        <Pictures
          address={address}
          set={set}
          cells={cells}
          lastWeek={address.week && ofForecast === undefined ? lastWeek : undefined}
        />
      )}
    </Card>
  );
}

const NOTHING_FORECAST = {
  forecast: 'Nothing is forecast for this time',
  residual: 'Nothing that was forecast for this time has come',
} as const;
const WHEN_FORECAST =
  'A forecast is made when a step has ended: every five minutes, kept for two days, and every hour, kept for sixty. Choose another time, or see the Forecasts page for what holds it up.';

function queryOf(address: HeatAddress, { fromMs, toMs }: { fromMs: number; toMs: number }) {
  const { stream, metric, shard, low, high } = address;
  const isRange = low !== null && high !== null;
  return {
    stream,
    metric: measuredMetric(metric),
    shard,
    fromMs,
    toMs,
    from: isRange ? low : null,
    to: isRange ? high : null,
    columns: COLUMNS,
    rows: ROWS,
  };
}

function isEmpty({ values }: HeatCells): boolean {
  return values.every(Number.isNaN);
}

function isQuiet({ values }: HeatCells): boolean {
  return !values.some((value) => Math.abs(value) > 0);
}

function Quiet({ cells }: { cells: HeatCells }) {
  return (
    <p className="border-line border-t bg-sunken px-5 py-3 text-soft text-sm">
      <strong className="font-semibold text-text">Nothing came.</strong> Of{' '}
      {METRIC_TITLES[cells.metric].toLowerCase()} stream {cells.stream} has none in this time. Choose a longer
      time, or send events.
    </p>
  );
}

interface PicturesProps {
  readonly address: HeatAddress;
  readonly set: SetHeatAddress;
  readonly cells: HeatCells;
  readonly lastWeek: HeatCells | undefined;
}

function Pictures({ address, set, cells, lastWeek }: PicturesProps) {
  const margins = useMemo(() => marginsOf(cells), [cells]);
  const { scale: mode, max, knee } = address;
  const scale = useMemo(
    () => colourScale(cells.metric, cells.values, mode, max === null ? undefined : { max, knee }),
    [cells, mode, max, knee],
  );
  const pinned = pinnedCell(cells, address.atMs, address.at);
  const kept = pinnedCell(cells, address.keptMs, address.kept);
  const look = { palette: paletteFor(cells.metric, address.palette), brightness: address.bright };
  const label = `${METRIC_TITLES[cells.metric]} of stream ${cells.stream}, time to the right, keys downwards, ${cells.columns} by ${cells.rows.length} cells`;
  return (
    <>
      {isQuiet(cells) ? <Quiet cells={cells} /> : <PatternBanner cells={cells} />}
      <div className={cn('grid', pinned !== undefined && 'xl:grid-cols-[minmax(0,1fr)_22rem]')}>
        <HeatFigure
          {...look}
          cells={cells}
          margins={margins}
          scale={scale}
          pinned={pinned}
          showMarks={address.marks}
          label={label}
          onZoom={(view) => void set(zoomAddress(cells, view), { history: 'push' })}
          onPin={(cell) =>
            void set({ atMs: cells.fromMs + cell.column * cells.columnMs, at: cells.rows[cell.row]!.from })
          }
          onAll={() => void set({ from: null, to: null, low: null, high: null }, { history: 'push' })}
        />
        {pinned === undefined ? null : (
          <div className="min-w-0 border-line border-t xl:border-t-0 xl:border-l">
            <CellCard
              cells={cells}
              margins={margins}
              cell={pinned}
              onClose={() => void set({ atMs: null, at: null })}
              onShard={(shard) => void set({ shard, low: null, high: null }, { history: 'push' })}
              onKeep={() => void set({ keptMs: address.atMs, kept: address.at })}
            />
            {kept === undefined ? null : (
              <KeptCell
                cells={cells}
                cell={kept}
                against={pinned}
                onForget={() => void set({ keptMs: null, kept: null })}
              />
            )}
          </div>
        )}
      </div>
      {lastWeek === undefined ? null : <LastWeek cells={lastWeek} scale={scale} {...look} />}
      <Foot address={address} set={set} cells={cells} scale={scale} />
      <AsTable cells={cells} margins={margins} />
    </>
  );
}

function Foot({ address, set, cells, scale }: Omit<PicturesProps, 'lastWeek'> & { scale: ColourScale }) {
  const merging = mergingWords(cells);
  return (
    <div className="grid gap-3 border-line border-t px-5 py-3">
      <HeatLegend
        cells={cells}
        scale={scale}
        palette={paletteFor(cells.metric, address.palette)}
        brightness={address.bright}
      />
      <HeatLook address={address} set={set} scale={scale} />
      <p className="text-faint text-xs">
        {cells.unit.endsWith('/s') ? 'Rates are averages of each column’s time. ' : ''}
        {merging}
        {cells.marks.isWhole ? '' : ' Only the oldest splits and moves are marked.'}
      </p>
    </div>
  );
}

/** The same part, a week earlier, in the same colours. */
function LastWeek({
  cells,
  scale,
  palette,
  brightness,
}: {
  cells: HeatCells;
  scale: ColourScale;
  palette: Palette;
  brightness: number;
}) {
  const margins = useMemo(() => marginsOf(cells), [cells]);
  return (
    <section aria-labelledby="last-week" className="border-line border-t pt-3">
      <h2 id="last-week" className="px-5 font-medium text-sm">
        A week earlier
      </h2>
      {isEmpty(cells) ? (
        <p className="px-5 py-6 text-soft">Nothing is known of that time.</p>
      ) : (
        <HeatFigure
          cells={cells}
          margins={margins}
          scale={scale}
          palette={palette}
          brightness={brightness}
          pinned={undefined}
          showMarks={false}
          label={`The same a week earlier, ${cells.columns} by ${cells.rows.length} cells`}
          onZoom={() => {}}
          onPin={() => {}}
          onAll={() => {}}
        />
      )}
    </section>
  );
}

/** Made when it is asked for: fifty rows of words take longer than half a million cells. */
function AsTable({ cells, margins }: { cells: HeatCells; margins: Margins }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="border-line border-t" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="cursor-pointer px-5 py-3 font-medium text-sm">As a table</summary>
      {isOpen ? <HeatTable cells={cells} margins={margins} /> : null}
    </details>
  );
}

function pinnedCell(cells: HeatCells, atMs: number | null, at: string | null): Cell | undefined {
  if (atMs === null || at === null) return undefined;
  const column = Math.floor((atMs - cells.fromMs) / cells.columnMs);
  return column < 0 || column >= cells.columns ? undefined : { column, row: rowAt(cells, at) };
}

/** A view as the time and the keys it shows: whole cells, so that the address is exact. */
function zoomAddress(cells: HeatCells, view: View) {
  const { left, right, top, bottom } = wholeCells(view, { columns: cells.columns, rows: cells.rows.length });
  const isWidth = left > 0 || right < cells.columns;
  const isHeight = top > 0 || bottom < cells.rows.length;
  return {
    ...(isWidth
      ? { from: cells.fromMs + left * cells.columnMs, to: cells.fromMs + right * cells.columnMs }
      : {}),
    ...(isHeight ? { low: cells.rows[top]!.from, high: cells.rows[bottom - 1]!.to } : {}),
  };
}
