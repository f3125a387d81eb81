'use client';

/**
 * The canvas and the hand on it. Wheel zooms (with Shift: along time only, with Alt: along keys only), a stroke chooses a part, Shift
 * and a stroke pans, Ctrl and a stroke pins a range, a click pins a cell; arrow keys move a cell cursor that is read
 * aloud, M marks the corner of a range, Enter pins, + and - zoom, 0 shows all. The picture follows at once; who embeds
 * it is called when the hand rests.
 */
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { cn } from '../../components/class-names.ts';
import { colourTable, type Palette } from './colour-scale.ts';
import { type HeatCells, RECEIVED_MARK } from './heat-cells.ts';
import { paint, show } from './heat-image.ts';
import { addressOf, type HeatPart, type PartAddress, partAt } from './heat-part.ts';
import { brushed, cellAt, panned, type View, wholeCells, wholeView, zoomed } from './heat-view.ts';
import { useDrawnSize } from './use-drawn-size.ts';

export interface Cell {
  readonly column: number;
  readonly row: number;
}

export interface HeatPlotProps {
  readonly cells: HeatCells;
  readonly steps: Uint8Array;
  readonly palette: Palette;
  readonly brightness: number;
  readonly view: View;
  readonly cursor: Cell | undefined;
  /** what is pinned, each with its letter */
  readonly pins: readonly Pin[];
  /** a stroke pins what it covers, and does not zoom */
  readonly strokePins: boolean;
  readonly label: string;
  readonly describedBy: string;
  onView(view: View): void;
  /** the hand rests: the view is meant */
  onSettled(view: View): void;
  onCursor(cell: Cell | undefined, byKeyboard: boolean): void;
  onPin(part: HeatPart): void;
  onAll(): void;
}

export interface Pin {
  readonly part: HeatPart;
  readonly letter: string;
}

const WHEEL_FACTOR = 1.0018;
const KEY_FACTOR = 0.6;
const SETTLE_MS = 350;
type Place = readonly [x: number, y: number];

export function HeatPlot(props: HeatPlotProps) {
  const { cells, steps, palette, brightness, view, cursor, label, describedBy } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useDrawnSize(box);
  useImage(canvas, { cells, steps, palette, brightness, view, ...size });
  const { stroke, handlers } = useHand(box, props);
  // by its place, so that the next picture has it too
  const [corner, setCorner] = useState<PartAddress>();
  const cornerPart = corner && partAt(cells, corner);
  const marked = cursor === undefined ? undefined : covering(cornerPart, cursor);
  return (
    <div
      ref={box}
      role="application"
      aria-label={label}
      aria-describedby={describedBy}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the cell cursor is moved with arrow keys
      tabIndex={0}
      className="heat-paper relative h-full min-h-0 w-full cursor-crosshair touch-none select-none overflow-hidden rounded-sm"
      {...handlers}
      onKeyDown={(event) => onKey(event, props, cornerPart, setCorner)}
    >
      <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />
      {props.pins.map(({ part, letter }) => (
        <PartBox key={letter} part={part} letter={letter} view={view} {...size} />
      ))}
      {marked === undefined ? null : <PartBox part={marked} view={view} {...size} />}
      {stroke === undefined ? null : <StrokeBox stroke={stroke} />}
    </div>
  );
}

interface Drawn {
  readonly cells: HeatCells;
  readonly steps: Uint8Array;
  readonly palette: Palette;
  readonly brightness: number;
  readonly view: View;
  readonly width: number;
  readonly height: number;
}

function useImage(ref: RefObject<HTMLCanvasElement | null>, drawn: Drawn): void {
  const { cells, steps, palette, brightness, view, width, height } = drawn;
  const image = useRef<HTMLCanvasElement | null>(null);
  const isNew = useRef(false);
  useLayoutEffect(() => {
    image.current ??= document.createElement('canvas');
    const zero = getComputedStyle(document.documentElement).getPropertyValue('--heat-zero').trim();
    performance.mark('heat:paint');
    paint(image.current, steps, cells.columns, cells.rows.length, colourTable(palette, brightness, zero));
    performance.measure('heat:painted', 'heat:paint');
    isNew.current = true;
  }, [cells, steps, palette, brightness]);
  useLayoutEffect(() => {
    const canvas = ref.current;
    if (canvas === null || image.current === null || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    performance.mark('heat:show');
    show(canvas, image.current, view);
    performance.measure('heat:shown', 'heat:show');
    if (isNew.current) performance.measure('heat:drawn', RECEIVED_MARK);
    isNew.current = false;
  });
  void [view, height];
}

/** Strokes, wheel and clicks, as views and cells. */
function useHand(box: RefObject<HTMLDivElement | null>, props: HeatPlotProps) {
  const [stroke, setStroke] = useState<Stroke>();
  const latest = useRef(props);
  latest.current = props;
  const settle = useSettling(latest);

  const placeOf = useCallback(
    (event: { clientX: number; clientY: number }): Place => {
      const { left, top, width, height } = box.current!.getBoundingClientRect();
      const share = (value: number) => Math.min(1, Math.max(0, value));
      return [share((event.clientX - left) / width), share((event.clientY - top) / height)];
    },
    [box],
  );

  // React listens to the wheel passively, and the page would scroll
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      // a page must stay scrollable: the wheel zooms while the plot has the focus, or with Ctrl
      if (document.activeElement !== element && !event.ctrlKey) return;
      event.preventDefault();
      const { view, cells, onView } = latest.current;
      const place = placeOf(event);
      const next = zoomed(view, sizeOf(cells), WHEEL_FACTOR ** (event.deltaY || event.deltaX), ...place);
      onView(
        event.shiftKey
          ? { ...next, top: view.top, bottom: view.bottom }
          : event.altKey
            ? { ...next, left: view.left, right: view.right }
            : next,
      );
      settle();
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [box, placeOf, settle]);

  const handlers = {
    onPointerDown(event: PointerEvent<HTMLDivElement>) {
      if (event.button !== 0 && event.button !== 1) return;
      event.currentTarget.focus({ preventScroll: true });
      event.currentTarget.setPointerCapture(event.pointerId);
      const place = placeOf(event);
      setStroke({ from: place, to: place, does: doingOf(event, latest.current.strokePins) });
    },
    onPointerMove(event: PointerEvent<HTMLDivElement>) {
      const place = placeOf(event);
      const { view, cells, onView, onCursor } = latest.current;
      onCursor(cellAt(view, sizeOf(cells), ...place), false);
      if (stroke === undefined) return;
      if (stroke.does === 'pan')
        onView(panned(view, sizeOf(cells), stroke.to[0] - place[0], stroke.to[1] - place[1]));
      setStroke({ ...stroke, to: place });
    },
    onPointerUp() {
      if (stroke === undefined) return;
      setStroke(undefined);
      const { view, cells, onView, onPin, onSettled } = latest.current;
      if (stroke.does === 'pan') return onSettled(view);
      const chosen = brushed(view, stroke.from, stroke.to);
      if (chosen === undefined) return onPin(partOf(cellAt(view, sizeOf(cells), ...stroke.to)));
      if (stroke.does === 'pin') return onPin(wholeCells(chosen, sizeOf(cells)));
      onView(chosen);
      onSettled(chosen);
    },
    onPointerCancel: () => setStroke(undefined),
    onPointerLeave: () => latest.current.onCursor(undefined, false),
    onDoubleClick: () => latest.current.onAll(),
  };
  return { stroke: stroke?.does === 'pan' ? undefined : stroke, handlers };
}

interface Stroke {
  readonly from: Place;
  readonly to: Place;
  readonly does: 'zoom' | 'pan' | 'pin';
}

function doingOf(event: PointerEvent, strokePins: boolean): Stroke['does'] {
  if (event.shiftKey || event.button === 1) return 'pan';
  return event.ctrlKey || event.metaKey || strokePins ? 'pin' : 'zoom';
}

function partOf({ column, row }: Cell): HeatPart {
  return { left: column, right: column + 1, top: row, bottom: row + 1 };
}

/** The cell, the corner that was marked before it, and all between them. */
function covering(corner: HeatPart | undefined, cell: Cell): HeatPart {
  const part = partOf(cell);
  if (corner === undefined) return part;
  return {
    left: Math.min(corner.left, part.left),
    right: Math.max(corner.right, part.right),
    top: Math.min(corner.top, part.top),
    bottom: Math.max(corner.bottom, part.bottom),
  };
}

function useSettling(latest: RefObject<HeatPlotProps>): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current.onSettled(latest.current.view), SETTLE_MS);
  }, [latest]);
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const FAR = 10;

function onKey(
  event: KeyboardEvent,
  props: HeatPlotProps,
  corner: HeatPart | undefined,
  setCorner: (corner: PartAddress | undefined) => void,
): void {
  const { cells, view, cursor, onCursor, onPin, onView, onSettled, onAll } = props;
  const size = sizeOf(cells);
  const arrow = ARROWS[event.key];
  const at = cursor ?? cellAt(view, size, 0.5, 0.5);
  if (arrow !== undefined) {
    const step = event.shiftKey ? FAR : 1;
    const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    const column = clamp(at.column + arrow[0] * step, size.columns);
    const row = clamp(at.row + arrow[1] * step, size.rows);
    onCursor({ column, row }, true);
  } else if (event.key === 'Enter' || event.key === ' ') {
    onPin(covering(corner, at));
    setCorner(undefined);
  } else if (event.key === 'm' && !event.ctrlKey && !event.metaKey) {
    setCorner(addressOf(cells, partOf(at)));
    onCursor(at, true);
  } else if (event.key === '+' || event.key === '=' || event.key === '-') {
    const x = (at.column + 0.5 - view.left) / (view.right - view.left);
    const y = (at.row + 0.5 - view.top) / (view.bottom - view.top);
    const next = zoomed(view, size, event.key === '-' ? 1 / KEY_FACTOR : KEY_FACTOR, x, y);
    onView(next);
    onSettled(next);
  } else if (event.key === '0' || event.key === 'Escape') {
    if (event.key === 'Escape' && corner !== undefined) setCorner(undefined);
    else {
      onView(wholeView(size));
      onAll();
    }
  } else return;
  event.preventDefault();
}

function sizeOf({ columns, rows }: HeatCells) {
  return { columns, rows: rows.length };
}

const LETTER_PX = 18;

function PartBox({
  part,
  letter,
  view,
  width,
  height,
}: {
  part: HeatPart;
  letter?: string;
  view: View;
  width: number;
  height: number;
}) {
  const cellWidth = width / (view.right - view.left);
  const cellHeight = height / (view.bottom - view.top);
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute rounded-[1px] outline-2 outline-white ring-1 ring-black"
      style={{
        left: (part.left - view.left) * cellWidth,
        top: (part.top - view.top) * cellHeight,
        width: Math.max(2, (part.right - part.left) * cellWidth),
        height: Math.max(2, (part.bottom - part.top) * cellHeight),
      }}
    >
      {letter === undefined || letter === '' ? null : (
        <span
          className={cn(
            'absolute -left-0.5 rounded-sm bg-black px-1 font-semibold text-2xs text-white ring-1 ring-white',
            // above it, where the picture has room there
            (part.top - view.top) * cellHeight > LETTER_PX ? '-translate-y-full -top-0.5' : 'top-0',
          )}
        >
          {letter}
        </span>
      )}
    </span>
  );
}

function StrokeBox({ stroke: { from, to } }: { stroke: { from: Place; to: Place } }) {
  const percent = (a: number, b: number) => ({
    at: `${Math.min(a, b) * 100}%`,
    size: `${Math.abs(a - b) * 100}%`,
  });
  const [x, y] = [percent(from[0], to[0]), percent(from[1], to[1])];
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute border border-white bg-white/25 ring-1 ring-black/60"
      style={{ left: x.at, width: x.size, top: y.at, height: y.size }}
    />
  );
}
