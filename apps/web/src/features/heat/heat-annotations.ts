/**
 * Where annotations lie on a picture: shares of what is shown, cut at its edges. Flags that would touch each other
 * are one flag with a count, so that each of them can be hit.
 */
import { type HeatCells, rowAt } from './heat-cells.ts';
import type { View } from './heat-view.ts';

interface Annotated {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly range: { readonly from: string; readonly to: string } | null;
}

interface AnnotationBox<A> {
  readonly annotation: A;
  /** 0 to 1 of the width and height that are shown; left and right are equal for a moment */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface AnnotationFlag<A> {
  readonly x: number;
  readonly annotations: readonly A[];
}

export function annotationBoxes<A extends Annotated>(
  list: readonly A[],
  cells: HeatCells,
  view: View,
): AnnotationBox<A>[] {
  return list.flatMap((annotation) => {
    const x = (ms: number) => {
      const column = (ms - cells.fromMs) / cells.columnMs;
      return (column - view.left) / (view.right - view.left);
    };
    const [left, right] = [x(Date.parse(annotation.from)), x(Date.parse(annotation.to))];
    const { top, bottom } = heightOf(annotation.range, cells, view);
    if (right < 0 || left > 1 || bottom <= 0 || top >= 1) return [];
    return [{ annotation, left: cut(left), right: cut(right), top: cut(top), bottom: cut(bottom) }];
  });
}

function heightOf(range: Annotated['range'], cells: HeatCells, view: View) {
  if (range === null) return { top: 0, bottom: 1 };
  const y = (row: number) => (row - view.top) / (view.bottom - view.top);
  const first = rowAt(cells, range.from);
  const isAbove = range.to.padStart(17, '0') <= cells.rows[0]!.from.padStart(17, '0');
  const isBelow = range.from.padStart(17, '0') >= cells.rows.at(-1)!.to.padStart(17, '0');
  if (isAbove || isBelow) return { top: 1, bottom: 1 };
  return { top: y(first), bottom: y(endRow(cells, range.to, first)) };
}

/** The first row after those that a range reaches into. */
function endRow(cells: HeatCells, to: string, first: number): number {
  const last = rowAt(cells, to);
  const startsThere = cells.rows[last]!.from.padStart(17, '0') === to.padStart(17, '0');
  return Math.max(first + 1, startsThere ? last : last + 1);
}

function cut(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** A flag is so wide that a finger hits it. */
const FLAG_PX = 26;

/** Left to right; each at the place of its first. */
export function annotationFlags<A>(boxes: readonly AnnotationBox<A>[], width: number): AnnotationFlag<A>[] {
  const flags: { x: number; annotations: A[] }[] = [];
  for (const { left, annotation } of [...boxes].sort((a, b) => a.left - b.left)) {
    const last = flags.at(-1);
    if (last !== undefined && (left - last.x) * width < FLAG_PX) last.annotations.push(annotation);
    else flags.push({ x: left, annotations: [annotation] });
  }
  return flags;
}
