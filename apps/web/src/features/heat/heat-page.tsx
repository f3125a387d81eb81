'use client';

import { annotations as annotationOrders } from '@foreshard/core/operations';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Flag, SquareDashedMousePointer } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { measuredMetric } from '../../server/heat/heat-query.ts';
import { AddAnnotation } from '../annotations/add-annotation.tsx';
import { AnnotationList } from '../annotations/annotation-list.tsx';
import { type ShownAnnotation, useAnnotations } from '../annotations/use-annotations.ts';
import { type ColourScale, colourScale, type Palette, paletteFor } from './colour-scale.ts';
import {
  type HeatAddress,
  keptAddress,
  keptOf,
  NOT_KEPT,
  NOT_PINNED,
  type SetHeatAddress,
  useHeatAddress,
  useTimeWindow,
} from './heat-address.ts';
import { type HeatCells, type Margins, marginsOf, unpack } from './heat-cells.ts';
import { HeatControls, HeatLook } from './heat-controls.tsx';
import { HeatExport } from './heat-export.tsx';
import { HeatFigure } from './heat-figure.tsx';
import { HeatLegend } from './heat-legend.tsx';
import { addressOf, type HeatPart, partAt } from './heat-part.ts';
import type { Pin } from './heat-plot.tsx';
import { HeatTable } from './heat-table.tsx';
import { type View, wholeCells } from './heat-view.ts';
import { METRIC_TITLES, mergingWords } from './heat-words.ts';
import { annotatedKeys } from './key-names.ts';
import { PatternBanner } from './pattern-banner.tsx';
import { PinPanel } from './pin-panel.tsx';
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
  const [strokePins, setStrokePins] = useState(false);
  const streams = [...(choices.data?.streams ?? []), ...(choices.data?.clusters ?? [])];
  const canAnnotate = choices.data?.streams.includes(cells?.stream ?? '') === true;
  return (
    <Card className="@container overflow-clip">
      <div className="flex flex-wrap items-end justify-between gap-3 px-5 py-4">
        <HeatControls
          address={address}
          set={set}
          streams={streams.length === 0 && cells !== undefined ? [cells.stream] : streams}
          stream={address.stream ?? cells?.stream}
        />
        <div className="flex flex-wrap gap-2">
          <Button
            aria-pressed={strokePins}
            title="Drag over the map to pin what you cover, instead of zooming in"
            className="aria-pressed:border-accent aria-pressed:text-accent"
            onClick={() => setStrokePins(!strokePins)}
          >
            <SquareDashedMousePointer /> <span className="max-sm:sr-only">Pin a range</span>
          </Button>
          {canAnnotate && cells !== undefined ? (
            <AddAnnotation place={{ stream: cells.stream, fromMs: annotatedMs(cells) }}>
              <MayButton may={annotationOrders.add}>
                <Flag /> <span className="max-sm:sr-only">Annotate</span>
              </MayButton>
            </AddAnnotation>
          ) : null}
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
          strokePins={strokePins}
          canAnnotate={canAnnotate}
        />
      )}
    </Card>
  );
}

/** Now, or the end of a time that is over: what has just happened is annotated most often. */
function annotatedMs(cells: HeatCells): number {
  return Math.min(cells.nowMs, cells.fromMs + cells.columns * cells.columnMs);
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
  readonly strokePins: boolean;
  /** whether its stream is ours: of other clusters nothing is annotated */
  readonly canAnnotate: boolean;
}

function Pictures({ address, set, cells, lastWeek, strokePins, canAnnotate }: PicturesProps) {
  const margins = useMemo(() => marginsOf(cells), [cells]);
  const { scale: mode, max, knee } = address;
  const scale = useMemo(
    () => colourScale(cells.metric, cells.values, mode, max === null ? undefined : { max, knee }),
    [cells, mode, max, knee],
  );
  const pinned = partAt(cells, address);
  const kept = partAt(cells, keptAddress(address));
  const annotations = useAnnotations(canAnnotate ? cells.stream : undefined, timeOf(cells));
  const look = { palette: paletteFor(cells.metric, address.palette), brightness: address.bright };
  const label = `${METRIC_TITLES[cells.metric]} of stream ${cells.stream}, time to the right, keys downwards, ${cells.columns} by ${cells.rows.length} cells`;
  return (
    <>
      {isQuiet(cells) ? <Quiet cells={cells} /> : <PatternBanner cells={cells} />}
      <Colours address={address} set={set} cells={cells} scale={scale} />
      <div className={cn('grid', pinned !== undefined && BESIDE)}>
        <HeatFigure
          {...look}
          cells={cells}
          margins={margins}
          scale={scale}
          pins={pinsOf(kept, pinned)}
          strokePins={strokePins}
          showMarks={address.marks}
          {...(address.notes ? { annotations } : {})}
          label={label}
          onZoom={(view) => void set(zoomAddress(cells, view), { history: 'push' })}
          onPin={(part) => void set(addressOf(cells, part))}
          onAll={() => void set({ from: null, to: null, low: null, high: null }, { history: 'push' })}
        />
        {pinned === undefined ? null : (
          <PinPanel
            {...{ cells, margins, pinned, kept, canAnnotate }}
            onClose={() => void set(NOT_PINNED)}
            onShard={(shard) => void set({ shard, low: null, high: null }, { history: 'push' })}
            onKeep={() => void set(keptOf(address))}
            onForget={() => void set(NOT_KEPT)}
          />
        )}
      </div>
      {lastWeek === undefined ? null : <LastWeek cells={lastWeek} scale={scale} {...look} />}
      <Foot cells={cells} />
      {annotations.length === 0 ? null : <Annotations cells={cells} list={annotations} />}
      <AsTable cells={cells} margins={margins} />
    </>
  );
}

/** The panel stands beside the map where the card has room for both; only then. */
const BESIDE = 'min-[1000px]:grid-cols-[minmax(0,1fr)_17rem] @5xl:grid-cols-[minmax(0,1fr)_22rem]';

function timeOf({ fromMs, columnMs, columns }: HeatCells) {
  return { fromMs, toMs: fromMs + columns * columnMs };
}

function pinsOf(kept: HeatPart | undefined, pinned: HeatPart | undefined): Pin[] {
  return [
    ...(kept === undefined ? [] : [{ part: kept, letter: 'A' }]),
    ...(pinned === undefined ? [] : [{ part: pinned, letter: kept === undefined ? '' : 'B' }]),
  ];
}

/** What the colours mean and how they are chosen, in view together with the picture. */
function Colours({
  address,
  set,
  cells,
  scale,
}: Pick<PicturesProps, 'address' | 'set' | 'cells'> & { scale: ColourScale }) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 border-line border-t px-5 pt-3">
      <HeatLegend
        cells={cells}
        scale={scale}
        palette={paletteFor(cells.metric, address.palette)}
        brightness={address.bright}
      />
      <HeatLook address={address} set={set} scale={scale} />
    </div>
  );
}

function Foot({ cells }: { cells: HeatCells }) {
  return (
    <p className="border-line border-t px-5 py-3 text-faint text-xs">
      {cells.unit.endsWith('/s') ? 'Rates are averages of each column’s time. ' : ''}
      {mergingWords(cells)}
      {cells.marks.isWhole ? '' : ' Only the oldest splits and moves are marked.'}
    </p>
  );
}

/** In words, for who cannot or does not want to hit a flag. */
function Annotations({ cells, list }: { cells: HeatCells; list: readonly ShownAnnotation[] }) {
  return (
    <section aria-labelledby="annotations" className="border-line border-t px-5 py-3">
      <h2 id="annotations" className="mb-2 font-medium text-sm">
        Annotations in this time
      </h2>
      <AnnotationList list={list} keysOf={(annotation) => annotatedKeys(annotation, cells)} />
    </section>
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
          pins={[]}
          strokePins={false}
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
