import { describe, expect, it } from 'vitest';
import { annotationBoxes, annotationFlags } from './heat-annotations.ts';
import type { HeatCells } from './heat-cells.ts';
import { wholeView } from './heat-view.ts';

const MINUTE_MS = 60_000;
const END = '10000000000000000';
const hex = (quarter: number) => (quarter === 4 ? END : `${(quarter * 4).toString(16)}000000000000000`);
/** Ten minutes of four rows, the first quarter of all keys at the top. */
const cells = {
  ...{ fromMs: 0, columnMs: MINUTE_MS, columns: 10 },
  rows: [0, 1, 2, 3].map((q) => ({ from: hex(q), to: hex(q + 1) })),
} as unknown as HeatCells;
const view = wholeView({ columns: 10, rows: 4 });

function annotation(fromMinute: number, toMinute: number, range: [string, string] | null = null) {
  const time = (minute: number) => new Date(minute * MINUTE_MS).toISOString();
  return {
    ...{ id: 'a', from: time(fromMinute), to: time(toMinute) },
    range: range && { from: range[0], to: range[1] },
  };
}
const boxOf = (...of: Parameters<typeof annotation>) => {
  const [box] = annotationBoxes([annotation(...of)], cells, view);
  return box && [box.left, box.right, box.top, box.bottom];
};

describe('an annotation on the picture', () => {
  it.each([
    ['a moment of all keys is a line', [5, 5], [0.5, 0.5, 0, 1]],
    ['a time is as wide as it lasted', [2, 4], [0.2, 0.4, 0, 1]],
    ['what began before and goes on is cut at the edges', [-5, 20], [0, 1, 0, 1]],
    ['what ended before the picture is not there', [-5, -1], undefined],
    ['what comes after it is not there', [11, 12], undefined],
  ] as const)('%s', (_, [from, to], box) => {
    expect(boxOf(from, to)).toEqual(box);
  });

  it.each([
    ['its rows', hex(1), hex(2), [0.25, 0.5]],
    ['up to the last key', hex(3), END, [0.75, 1]],
    ['a part of a row as the whole row', '4100000000000000', '4200000000000000', [0.25, 0.5]],
    ['every row it reaches into', '4100000000000000', '8100000000000000', [0.25, 0.75]],
  ])('lies on %s', (_, from, to, height) => {
    expect(boxOf(1, 2, [from, to])?.slice(2)).toEqual(height);
  });

  it('is not there when its keys are outside of what is shown', () => {
    const lower = { ...view, top: 2 };
    expect(annotationBoxes([annotation(1, 2, [hex(0), hex(1)])], cells, lower)).toEqual([]);
    const zoomed = { ...cells, rows: cells.rows.slice(2) };
    const shown = wholeView({ columns: 10, rows: 2 });
    expect(annotationBoxes([annotation(1, 2, [hex(0), hex(2)])], zoomed, shown)).toEqual([]);
    const upper = { ...cells, rows: cells.rows.slice(0, 2) };
    expect(annotationBoxes([annotation(1, 2, [hex(2), END])], upper, shown)).toEqual([]);
  });

  it('moves with the view', () => {
    const [box] = annotationBoxes([annotation(5, 5)], cells, { ...view, left: 4, right: 6 });
    expect(box!.left).toBe(0.5);
  });
});

describe('flags', () => {
  const boxes = [0.5, 0.1, 0.52].map((left, i) => ({
    ...{ annotation: i, left, right: left, top: 0, bottom: 1 },
  }));

  it('that would touch are one with a count, at the place of the first', () => {
    expect(annotationFlags(boxes, 1_000)).toEqual([
      { x: 0.1, annotations: [1] },
      { x: 0.5, annotations: [0, 2] },
    ]);
  });

  it('come apart where there is room', () => {
    expect(annotationFlags(boxes, 2_000).map(({ annotations }) => annotations)).toEqual([[1], [0], [2]]);
  });
});
