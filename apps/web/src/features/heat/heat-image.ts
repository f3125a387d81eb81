/**
 * Draws the picture: one pixel a cell into a small canvas, which is then drawn scaled in one go. A million
 * cells recolour in milliseconds and pan at the speed of one drawImage, where a rectangle a cell takes half
 * a second. Position 0 is at the top, as in a table.
 */
import type { View } from './heat-view.ts';

/** One pixel a cell. REQUIRES steps of columns x rows, column by column. */
export function paint(
  image: HTMLCanvasElement,
  steps: Uint8Array,
  columns: number,
  rows: number,
  colours: Uint32Array,
): void {
  image.width = columns;
  image.height = rows;
  const context = image.getContext('2d')!;
  const pixels = context.createImageData(columns, rows);
  const words = new Uint32Array(pixels.data.buffer);
  for (let row = 0; row < rows; row++)
    for (let column = 0, at = row * columns; column < columns; column++, at++)
      words[at] = colours[steps[column * rows + row]!]!;
  context.putImageData(pixels, 0, 0);
}

/** The part of the image in `view`, over the whole canvas. */
export function show(canvas: HTMLCanvasElement, image: HTMLCanvasElement, view: View): void {
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(
    image,
    view.left,
    view.top,
    view.right - view.left,
    view.bottom - view.top,
    0,
    0,
    canvas.width,
    canvas.height,
  );
}
