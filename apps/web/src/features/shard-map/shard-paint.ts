/**
 * Draws the map pixel by pixel into one image: a hundred thousand boxes take some milliseconds that way, where a
 * rectangle each takes tenths of a second.
 */
import type { Layout } from './layout.ts';

/** Smaller boxes touch each other: a gap would be most of them. */
const GAP_FROM = 5;

export function paintShards(
  canvas: HTMLCanvasElement,
  layout: Layout,
  steps: Uint8Array,
  colours: Uint32Array,
  ratio: number,
): void {
  canvas.width = Math.max(1, Math.round(layout.width * ratio));
  canvas.height = Math.max(1, Math.round(layout.height * ratio));
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const { boxes } = layout;
  for (let i = 0, at = 0; at < boxes.length; i++, at += 4) {
    const gap = Math.min(boxes[at + 2]!, boxes[at + 3]!) >= GAP_FROM ? Math.round(ratio) : 0;
    const left = Math.round(boxes[at]! * ratio);
    const top = Math.round(boxes[at + 1]! * ratio);
    const right = Math.max(left + 1, Math.round((boxes[at]! + boxes[at + 2]!) * ratio) - gap);
    const bottom = Math.max(top + 1, Math.round((boxes[at + 1]! + boxes[at + 3]!) * ratio) - gap);
    const colour = colours[steps[i]!]!;
    for (let y = top; y < Math.min(bottom, canvas.height); y++)
      pixels.fill(colour, y * canvas.width + left, y * canvas.width + Math.min(right, canvas.width));
  }
  context.putImageData(image, 0, 0);
}
