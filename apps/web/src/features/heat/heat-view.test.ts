import { describe, expect, test } from 'vitest';
import { brushed, cellAt, isWhole, panned, wholeCells, wholeView, zoomed } from './heat-view.ts';

const SIZE = { columns: 100, rows: 50 };
const WHOLE = wholeView(SIZE);

describe('the view of a heat map', () => {
  test('zooming keeps the place under the hand', () => {
    const near = zoomed(WHOLE, SIZE, 0.5, 0.25, 0.8);
    expect(cellAt(near, SIZE, 0.25, 0.8)).toEqual(cellAt(WHOLE, SIZE, 0.25, 0.8));
    expect([near.right - near.left, near.bottom - near.top]).toEqual([50, 25]);
  });

  test('zooming out ends at the whole picture, zooming in at a few cells', () => {
    expect(isWhole(zoomed(WHOLE, SIZE, 9, 0.1, 0.1), SIZE)).toBe(true);
    let view = WHOLE;
    for (let i = 0; i < 50; i++) view = zoomed(view, SIZE, 0.5, 0.3, 0.3);
    expect(view.right - view.left).toBeCloseTo(3, 6);
    expect(view.bottom - view.top).toBeCloseTo(3, 6);
  });

  test('panning stops at the edges and keeps the size', () => {
    const near = zoomed(WHOLE, SIZE, 0.5, 0.5, 0.5);
    expect(panned(near, SIZE, 9, -9)).toEqual({ left: 50, right: 100, top: 0, bottom: 25 });
  });

  test('a stroke chooses a rectangle, a stroke along one axis only that axis, a click nothing', () => {
    expect(brushed(WHOLE, [0.5, 0.6], [0.1, 0.2])).toEqual({ left: 10, right: 50, top: 10, bottom: 30 });
    expect(brushed(WHOLE, [0.1, 0.5], [0.4, 0.501])).toEqual({ left: 10, right: 40, top: 0, bottom: 50 });
    expect(brushed(WHOLE, [0.3, 0.3], [0.302, 0.301])).toBeUndefined();
  });

  test('whole cells never end up empty or outside', () => {
    expect(wholeCells({ left: 9.2, right: 9.4, top: 49.9, bottom: 80 }, SIZE)).toEqual({
      left: 9,
      right: 10,
      top: 49,
      bottom: 50,
    });
  });

  test('every place of the picture is in a cell', () => {
    expect(cellAt(WHOLE, SIZE, 1, 1)).toEqual({ column: 99, row: 49 });
    expect(cellAt(WHOLE, SIZE, -1, 2)).toEqual({ column: 0, row: 49 });
  });
});
