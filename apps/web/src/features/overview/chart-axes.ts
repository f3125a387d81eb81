/** Ends and ticks of the load chart: round numbers, and as still as can be while the picture moves. */

const STEPS = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10];

/** The next round number above the peak, so that the scale changes rarely and a quarter of it is legible. */
export function axisTop(peak: number): number {
  if (peak <= 0) return 4;
  const magnitude = 10 ** Math.floor(Math.log10(peak));
  const step = STEPS.find((s) => s * magnitude >= peak) ?? 10;
  return Math.max(4, step * magnitude);
}

const TICK_SECONDS = [15, 30, 60, 120];
const TICKS_MAX = 6;

/** Whole minutes (or parts of them) between two seconds. */
export function clockTicks(from: number, to: number): number[] {
  const step = TICK_SECONDS.find((s) => (to - from) / s <= TICKS_MAX) ?? 120;
  const ticks: number[] = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
  return ticks;
}
