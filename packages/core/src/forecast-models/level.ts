/**
 * The level of a load, so that a lasting shift and a passing event steer the models. Every measurement is compared
 * with the usual one of its slot. When a day lies on one side, by more than chance, the level has shifted:
 * what follows is divided by the ratio, so the models go on in the world they know and their answers are carried to
 * the new level. When the old level comes back within days, it was no shift but an event (a flash crowd, a
 * holiday, a storm), and what happened in it is masked: nobody learns it.
 */

export interface Shift {
  /** the first step at the new level, and the first after it where it passed */
  readonly from: number;
  readonly to: number;
  /** load over the load before */
  readonly ratio: number;
  readonly passed: boolean;
}

export interface Levelled {
  /** the values at the level of their beginning; passing events are missing */
  readonly values: Float64Array;
  /** the level now over that of the beginning */
  readonly ratio: number;
  readonly shifts: readonly Shift[];
}

/** Steps since the level last changed, be it that an event passed; undefined when it never did. */
export function ageOf({ values, shifts }: Levelled): number | undefined {
  const last = shifts.at(-1);
  return last === undefined ? undefined : values.length - (last.passed ? last.to : last.from);
}

/** smaller changes are left to the models */
const RATIO_MIN = Math.log(1.4);
/** a shift exceeds the usual distance of a measurement from its slot so many times; with 3, tuning parts saw shifts that were none */
const USUAL_DISTANCES = 5;
/** part of a day that has to lie on one side */
const RUN_DAYS = 1;
const RUN_STEPS_MIN = 6;
/** the ratio is taken anew until the new level has been seen so long */
const SETTLED_DAYS = 2;
/** what ends earlier was an event */
const PASSING_DAYS = 4;
/** periods whose same slots say what is usual */
const PERIODS = 4;
/** one measurement in so many may lie elsewhere without ending a run */
const STRAYS = 6;
const ZERO_SHARE_MAX = 0.05;
/** memory of the usual distance */
const MEMORY_DAYS = 14;

export function levelled(values: Float64Array, seasons: readonly number[]): Levelled {
  const day = seasons[0];
  if (day === undefined || !hasLevel(values)) return { values, ratio: 1, shifts: [] };
  const period = seasons.findLast((season) => 3 * season <= values.length) ?? day;
  return new LevelWatch(values, day, period).result();
}

function hasLevel(values: Float64Array): boolean {
  let zeros = 0;
  let known = 0;
  for (const value of values) {
    if (value < 0) return false;
    if (value === 0) zeros++;
    if (!Number.isNaN(value)) known++;
  }
  return known > 0 && zeros <= ZERO_SHARE_MAX * known;
}

interface Run {
  readonly from: number;
  readonly sign: number;
  strays: number;
}

class LevelWatch {
  /** logarithms, at the level of the beginning */
  private readonly z: Float64Array;
  private readonly day: number;
  private readonly period: number;
  private readonly raw: Float64Array;
  private readonly distances: Float64Array;
  private readonly slots = new Float64Array(PERIODS);
  private level = 0;
  /** steps between two looks at a run or a new level */
  private readonly settleEvery: number;
  private usual = 0;
  private seen = 0;
  private run: Run | undefined;
  private readonly shifts: { from: number; to: number; before: number; after: number; passed: boolean }[] =
    [];

  constructor(values: Float64Array, day: number, period: number) {
    this.raw = values;
    this.day = day;
    this.period = period;
    this.settleEvery = Math.max(1, day >> 3);
    const floor = leastAboveZero(values) / 2;
    this.z = values.map((value) => Math.log(Math.max(value, floor)));
    this.distances = new Float64Array(values.length).fill(Number.NaN);
    for (let t = 2 * period; t < values.length; t++) this.step(t);
  }

  result(): Levelled {
    if (this.shifts.length === 0) return { values: this.raw, ratio: 1, shifts: [] };
    const values = this.raw.slice();
    let level = 0;
    let next = 0;
    for (let t = this.shifts[0]!.from; t < values.length; t++) {
      while (next < this.shifts.length && this.shifts[next]!.from <= t) level = this.shifts[next++]!.after;
      const last = this.shifts[next - 1]!;
      if (last.passed) {
        if (t < last.to) values[t] = Number.NaN;
        level = last.before;
      }
      values[t]! /= Math.exp(level);
    }
    return {
      values,
      ratio: Math.exp(this.level),
      shifts: this.shifts.map(({ from, to, before, after, passed }) => ({
        from,
        to,
        ratio: Math.exp(after - before),
        passed,
      })),
    };
  }

  private step(t: number): void {
    this.z[t]! -= this.level;
    const distance = this.z[t]! - this.usualAt(t);
    this.distances[t] = distance;
    if (Number.isNaN(distance)) return;
    const threshold = Math.max(RATIO_MIN, USUAL_DISTANCES * this.usual);
    this.settle(t);
    this.follow(t, distance, threshold);
    if (this.run === undefined) this.remember(Math.abs(distance));
  }

  /** Lengthens, ends or begins the run of measurements on one side. */
  private follow(t: number, distance: number, threshold: number): void {
    const sign = Math.abs(distance) < threshold / 2 ? 0 : Math.sign(distance);
    if (this.run !== undefined && sign !== this.run.sign) {
      this.run.strays++;
      if (this.run.strays * STRAYS > Math.max(STRAYS, t - this.run.from)) this.run = undefined;
    }
    if (this.run === undefined && sign !== 0) this.run = { from: t, sign, strays: 0 };
    if (this.run === undefined) return;
    const length = t + 1 - this.run.from;
    const least = Math.max(RUN_STEPS_MIN, Math.ceil(RUN_DAYS * this.day));
    if (length < least || (length - least) % this.settleEvery !== 0) return;
    const size = median(this.distances.subarray(this.run.from, t + 1));
    if (Math.abs(size) >= threshold) this.shift(this.run.from, t, size, threshold);
  }

  private shift(from: number, t: number, size: number, threshold: number): void {
    const last = this.shifts.at(-1);
    const back =
      last !== undefined &&
      !last.passed &&
      from - last.from < PASSING_DAYS * this.day &&
      Math.abs(this.level + size - last.before) < threshold / 2;
    if (back) {
      last.passed = true;
      last.to = from;
      this.move(from, t, last.before - this.level);
      this.z.fill(Number.NaN, last.from, from);
    } else {
      const before = this.level;
      this.shifts.push({ from, to: this.raw.length, before, after: before + size, passed: false });
      this.move(from, t, size);
    }
    this.run = undefined;
  }

  /** While a level is new, more of it says better where it is. */
  private settle(t: number): void {
    const last = this.shifts.at(-1);
    if (last === undefined || last.passed || t - last.from > SETTLED_DAYS * this.day) return;
    if ((t - last.from) % this.settleEvery !== 0) return;
    const size = median(this.distances.subarray(last.from, t + 1));
    if (!Number.isFinite(size)) return;
    this.move(last.from, t, size);
    last.after += size;
  }

  private move(from: number, t: number, size: number): void {
    for (let k = from; k <= t; k++) {
      this.z[k]! -= size;
      this.distances[k]! -= size;
    }
    this.level += size;
  }

  private remember(distance: number): void {
    this.seen++;
    const rate = Math.max(1 / this.seen, 1 / (MEMORY_DAYS * this.day));
    this.usual += rate * (distance - this.usual);
  }

  private usualAt(t: number): number {
    let count = 0;
    for (let k = 1; k <= PERIODS && t - k * this.period >= 0; k++) {
      const value = this.z[t - k * this.period]!;
      if (Number.isNaN(value)) continue;
      let at = count++;
      for (; at > 0 && this.slots[at - 1]! > value; at--) this.slots[at] = this.slots[at - 1]!;
      this.slots[at] = value;
    }
    if (count === 0) return Number.NaN;
    return (this.slots[(count - 1) >> 1]! + this.slots[count >> 1]!) / 2;
  }
}

function leastAboveZero(values: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) if (value > 0 && value < least) least = value;
  return Number.isFinite(least) ? least : 1;
}

function median(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return known.length === 0 ? Number.NaN : known[known.length >> 1]!;
}
