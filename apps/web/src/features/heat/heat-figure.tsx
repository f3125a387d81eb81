'use client';

/** The picture with its axes and margins; zooming moves all of them together. */
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { useZone } from '../../components/zone.tsx';
import type { ShownAnnotation } from '../annotations/use-annotations.ts';
import { AnnotationLayer } from './annotation-layer.tsx';
import type { ColourScale, Palette } from './colour-scale.ts';
import { quantise } from './colour-scale.ts';
import { ForecastVeil } from './forecast-veil.tsx';
import { KeyAxis, TimeAxis } from './heat-axes.tsx';
import type { HeatCells, Margins } from './heat-cells.ts';
import { Margin } from './heat-margins.tsx';
import { HeatMarkLayer } from './heat-marks.tsx';
import type { HeatPart } from './heat-part.ts';
import { type Cell, HeatPlot, type Pin } from './heat-plot.tsx';
import { HeatTip } from './heat-tip.tsx';
import { type View, wholeView } from './heat-view.ts';
import { cellWords, METRIC_TITLES } from './heat-words.ts';
import { annotatedKeys } from './key-names.ts';
import { useDrawnSize } from './use-drawn-size.ts';

export interface HeatFigureProps {
  readonly cells: HeatCells;
  readonly margins: Margins;
  readonly scale: ColourScale;
  readonly palette: Palette;
  readonly brightness: number;
  readonly pins: readonly Pin[];
  readonly strokePins: boolean;
  /** undefined: none are asked for */
  readonly annotations?: readonly ShownAnnotation[];
  readonly showMarks: boolean;
  readonly label: string;
  onZoom(view: View): void;
  onPin(part: HeatPart): void;
  onAll(): void;
}

export function HeatFigure(props: HeatFigureProps) {
  const { cells, margins, scale, palette, brightness, pins, showMarks, label } = props;
  const [view, setView] = useState<View>(() => wholeView(sizeOf(cells)));
  const [hover, setHover] = useState<{ cell: Cell; spoken: boolean }>();
  const box = useRef<HTMLDivElement>(null);
  const { width, height } = useDrawnSize(box);
  // a new picture is what was asked for: it is shown whole, and a cell of the one before is none of it
  useEffect(() => {
    setView(wholeView(sizeOf(cells)));
    setHover(undefined);
  }, [cells]);
  const steps = useMemo(() => quantise(cells.values, scale), [cells, scale]);
  const shownView = useDeferredValue(view);
  const safeView = clampedTo(view, cells);
  return (
    <figure className="px-5 pt-2 pb-3">
      <figcaption className="sr-only">{label}</figcaption>
      <div className="grid grid-cols-[5.5rem_minmax(0,1fr)_3rem] @4xl:grid-cols-[8rem_minmax(0,1fr)_4.5rem] grid-rows-[3rem_auto_1.5rem] gap-x-1 gap-y-1 max-sm:grid-cols-[0_minmax(0,1fr)_2.5rem]">
        <div className="col-start-2">
          <Margin
            values={margins.columns}
            from={safeView.left}
            to={safeView.right}
            upright
            {...(cells.forecastFrom === null ? {} : { forecastFrom: cells.forecastFrom })}
            label={`${METRIC_TITLES[cells.metric]} over time, all keys shown`}
          />
        </div>
        <div className="col-start-1 row-start-2 overflow-hidden">
          <KeyAxis cells={cells} view={clampedTo(shownView, cells)} height={height} />
        </div>
        <div ref={box} className="relative col-start-2 row-start-2 h-[min(48vh,34rem)] min-h-64">
          <HeatPlot
            cells={cells}
            steps={steps}
            palette={palette}
            brightness={brightness}
            view={safeView}
            cursor={hover?.cell ?? cornerOf(pins.at(-1))}
            pins={pins}
            strokePins={props.strokePins}
            label={label}
            describedBy="heat-keys"
            onView={setView}
            onSettled={props.onZoom}
            onCursor={(cell, spoken) => setHover(cell && { cell, spoken })}
            onPin={props.onPin}
            onAll={props.onAll}
          />
          <ForecastVeil cells={cells} view={safeView} />
          {showMarks ? <HeatMarkLayer cells={cells} view={safeView} width={width} height={height} /> : null}
          {props.annotations === undefined ? null : (
            <AnnotationLayer
              list={props.annotations}
              cells={cells}
              view={safeView}
              width={width}
              keysOf={(annotation) => annotatedKeys(annotation, cells)}
            />
          )}
          {hover === undefined ? null : <HeatTip cells={cells} cell={hover.cell} view={safeView} />}
        </div>
        <div className="col-start-3 row-start-2 h-[min(48vh,34rem)] min-h-64">
          <Margin
            values={margins.rows}
            from={safeView.top}
            to={safeView.bottom}
            upright={false}
            label={`${METRIC_TITLES[cells.metric]} over keys, all times shown`}
          />
        </div>
        <div className="col-start-2 row-start-3 overflow-hidden">
          <TimeAxis cells={cells} view={clampedTo(shownView, cells)} width={width} />
        </div>
      </div>
      <p id="heat-keys" className="sr-only">
        Arrow keys move a cell cursor, with Shift by ten. Enter pins the cell; M marks the first corner of a
        range, and Enter pins it. Plus and minus zoom, 0 shows all. The same data is in the table below.
      </p>
      <Readout cells={cells} cell={hover?.cell} spoken={hover?.spoken ?? false} />
    </figure>
  );
}

function Readout({ cells, cell, spoken }: { cells: HeatCells; cell: Cell | undefined; spoken: boolean }) {
  const { zone } = useZone();
  const words = cell && cellWords(cells, cell, zone);
  const text = words === undefined ? '' : `${words.when}, ${words.where}: ${words.value}`;
  return (
    <>
      <p aria-hidden className="tabular mt-1 h-5 truncate text-xs text-soft sm:pl-23">
        {text ||
          'Drag to zoom, Shift+drag to move, click to pin a cell, Ctrl+drag to pin a range, double-click to show all.'}
      </p>
      <p aria-live="polite" className="sr-only">
        {spoken ? text : ''}
      </p>
    </>
  );
}

function cornerOf(pin: Pin | undefined): Cell | undefined {
  return pin && { column: pin.part.left, row: pin.part.top };
}

function sizeOf({ columns, rows }: HeatCells) {
  return { columns, rows: rows.length };
}

/** Between a new picture and its first effect the old view may reach outside of it. */
function clampedTo(view: View, cells: HeatCells): View {
  const size = sizeOf(cells);
  return view.right <= size.columns && view.bottom <= size.rows ? view : wholeView(size);
}
