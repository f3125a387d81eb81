/**
 * What of a picture is shown: a rectangle in cells of the picture, [left, right) x [top, bottom), with
 * fractions. Zooming and panning move it at once; the address and the server follow when the hand rests.
 */
export interface View {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A cell larger than a third of the picture tells nothing. */
const CELLS_MIN = 3;

export function wholeView({ columns, rows }: Size): View {
  return { left: 0, right: columns, top: 0, bottom: rows };
}

export function isWhole(view: View, size: Size): boolean {
  return view.left <= 0 && view.top <= 0 && view.right >= size.columns && view.bottom >= size.rows;
}

/** Around a place (0..1 of the picture's width and height) that stays where it is; `factor` below 1 zooms in. */
export function zoomed(view: View, size: Size, factor: number, x: number, y: number): View {
  const [left, right] = scaled(view.left, view.right, factor, x, size.columns);
  const [top, bottom] = scaled(view.top, view.bottom, factor, y, size.rows);
  return { left, right, top, bottom };
}

/** By shares of what is shown; stops at the edge. */
export function panned(view: View, size: Size, x: number, y: number): View {
  const [left, right] = shifted(view.left, view.right, x * (view.right - view.left), size.columns);
  const [top, bottom] = shifted(view.top, view.bottom, y * (view.bottom - view.top), size.rows);
  return { left, right, top, bottom };
}

/** A rectangle drawn by hand, in shares of what is shown; undefined when it is only a click. */
export function brushed(
  view: View,
  from: readonly [number, number],
  to: readonly [number, number],
): View | undefined {
  const [x0, x1] = ordered(from[0], to[0]);
  const [y0, y1] = ordered(from[1], to[1]);
  if (x1 - x0 < 0.01 && y1 - y0 < 0.01) return undefined;
  const [width, height] = [view.right - view.left, view.bottom - view.top];
  // a stroke along one edge of the picture chooses a time or a range, not both
  const tall = y1 - y0 < 0.02;
  const wide = x1 - x0 < 0.02;
  return {
    left: wide ? view.left : view.left + x0 * width,
    right: wide ? view.right : view.left + x1 * width,
    top: tall ? view.top : view.top + y0 * height,
    bottom: tall ? view.bottom : view.top + y1 * height,
  };
}

/** Whole cells, at least one each way. */
export function wholeCells(view: View, size: Size): View {
  const left = Math.min(size.columns - 1, Math.max(0, Math.floor(view.left)));
  const top = Math.min(size.rows - 1, Math.max(0, Math.floor(view.top)));
  return {
    left,
    top,
    right: Math.min(size.columns, Math.max(left + 1, Math.ceil(view.right))),
    bottom: Math.min(size.rows, Math.max(top + 1, Math.ceil(view.bottom))),
  };
}

export function cellAt(view: View, size: Size, x: number, y: number): { column: number; row: number } {
  const within = (value: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(value)));
  return {
    column: within(view.left + x * (view.right - view.left), size.columns),
    row: within(view.top + y * (view.bottom - view.top), size.rows),
  };
}

function scaled(from: number, to: number, factor: number, at: number, count: number): [number, number] {
  const span = Math.min(count, Math.max(Math.min(CELLS_MIN, count), (to - from) * factor));
  const fixed = from + at * (to - from);
  return inside(fixed - at * span, span, count);
}

function shifted(from: number, to: number, by: number, count: number): [number, number] {
  return inside(from + by, to - from, count);
}

function inside(from: number, span: number, count: number): [number, number] {
  const start = Math.min(count - span, Math.max(0, from));
  return [start, start + span];
}

function ordered(a: number, b: number): [number, number] {
  return a < b ? [a, b] : [b, a];
}
