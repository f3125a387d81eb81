/**
 * Measurements with times put on an equally spaced grid. Everything that had to be done to them is said, because
 * a silent repair would be forecast as if it had been measured.
 */
import { badInput } from '../failure.ts';

export interface Measured {
  readonly timesMs: Float64Array;
  /** NaN: missing */
  readonly values: Float64Array;
}

export interface Grid {
  readonly values: Float64Array;
  readonly firstMs: number;
  readonly stepSeconds: number;
  readonly notes: readonly string[];
}

/** more slots than this per measurement: the times are no equally spaced series */
const SLOTS_PER_ROW_MAX = 20;
/** a time this far from its slot, in steps, counts as irregular */
const OFF_GRID = 0.05;
const DIFFERENCES_READ = 10_000;

/** `stepSeconds` undefined: the commonest distance of neighbouring times. */
export function onGrid(measured: Measured, stepSeconds: number | undefined): Grid {
  const notes: string[] = [];
  const { timesMs, values } = sorted(measured, notes);
  const stepMs = stepSeconds === undefined ? commonestDistance(timesMs) : stepSeconds * 1_000;
  const firstMs = timesMs[0]!;
  const slots = Math.round((timesMs.at(-1)! - firstMs) / stepMs) + 1;
  if (slots > SLOTS_PER_ROW_MAX * timesMs.length)
    throw badInput(
      `the times are too irregular for steps of ${stepMs / 1_000} s: ${timesMs.length} rows span ${slots} steps; give the step with --step SECONDS`,
    );
  const grid = { ...filled(timesMs, values, firstMs, stepMs, slots, notes), firstMs, notes };
  if (stepSeconds === undefined) notes.push(`step: ${stepMs / 1_000} s, the commonest distance of the times`);
  return { values: grid.values, firstMs, stepSeconds: stepMs / 1_000, notes };
}

function sorted(measured: Measured, notes: string[]): Measured {
  const { timesMs, values } = measured;
  let unsorted = 0;
  for (let i = 1; i < timesMs.length; i++) if (timesMs[i]! < timesMs[i - 1]!) unsorted++;
  if (unsorted === 0) return measured;
  notes.push(`the times are not in order in ${unsorted} places: sorted`);
  const order = Uint32Array.from(timesMs, (_, i) => i).sort((a, b) => timesMs[a]! - timesMs[b]!);
  return { timesMs: timesMs.slice().sort(), values: Float64Array.from(order, (i) => values[i]!) };
}

function commonestDistance(timesMs: Float64Array): number {
  const counts = new Map<number, number>();
  for (let i = 1; i < Math.min(timesMs.length, DIFFERENCES_READ); i++) {
    const distance = timesMs[i]! - timesMs[i - 1]!;
    if (distance > 0) counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  const best = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
  if (best === undefined) throw badInput('all times are the same: there is no series to forecast');
  return best[0];
}

function filled(
  timesMs: Float64Array,
  rows: Float64Array,
  firstMs: number,
  stepMs: number,
  slots: number,
  notes: string[],
): { values: Float64Array } {
  const sums = new Float64Array(slots);
  const counts = new Uint32Array(slots);
  const seen = new Uint8Array(slots);
  let offGrid = 0;
  let doubles = 0;
  for (let i = 0; i < timesMs.length; i++) {
    const exact = (timesMs[i]! - firstMs) / stepMs;
    const slot = Math.round(exact);
    if (Math.abs(exact - slot) > OFF_GRID) offGrid++;
    if (seen[slot]!) doubles++;
    seen[slot] = 1;
    if (Number.isNaN(rows[i]!)) continue;
    sums[slot]! += rows[i]!;
    counts[slot]!++;
  }
  const absent = seen.reduce((total, one) => total + (one === 0 ? 1 : 0), 0);
  if (offGrid > 0) notes.push(`${offGrid} times lie between steps: put into the nearest step`);
  if (doubles > 0)
    notes.push(
      `${doubles} rows share a step with another (equal times, or an hour a clock change repeats): their mean is taken`,
    );
  if (absent > 0)
    notes.push(
      `${absent} of ${slots} steps have no row (a gap, or an hour a clock change skips): taken as missing, not as zero`,
    );
  return { values: sums.map((sum, slot) => (counts[slot] === 0 ? Number.NaN : sum / counts[slot]!)) };
}
