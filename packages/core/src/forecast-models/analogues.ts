/**
 * What followed the days that resembled today: the last two days' shape is looked for at the same slot of earlier
 * days, and what came after the most alike is carried to the level of now. Nothing is fitted, so it follows shapes
 * no regression writes as a sum, and errs elsewhere than they do.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { spreadOf } from './periodic-regression.ts';
import { bridged, type Series } from './series.ts';
import { type Scale, type Transform, transformFor } from './transform.ts';

/** days whose shape is compared; a step counts less the longer ago it was */
const DAYS_COMPARED = 2;
const FOLLOWED = 5;
/** how far another level counts, in steps as far apart */
const LEVEL_WEIGHT = 5;
/** days looked through at most */
const DAYS_BACK_MAX = 120;
/** steps compared at most: a finer rhythm is read in strides */
const STEPS_COMPARED_MAX = 96;

export function analogues(name: string, scale: Scale): Forecaster {
  return {
    name,
    cost: 'cheap',
    shortest: (series, horizon) =>
      (DAYS_COMPARED + FOLLOWED + 1) * (series.seasons[0] ?? Number.POSITIVE_INFINITY) + horizon,
    fit: (series) => fit(series, scale),
  };
}

function fit(series: Series, scale: Scale): Fitted {
  const transform = transformFor(scale, series.values);
  if (transform === undefined) throw new Error(`the ${scale} scale does not fit this series`);
  const day = series.seasons[0]!;
  return {
    parameters: { day, followed: FOLLOWED, scale },
    forecast: (history, horizon) => {
      const tail = history.subarray(Math.max(0, history.length - DAYS_BACK_MAX * day - horizon));
      return following(bridged(transform.forward(tail), series.seasons), day, horizon, transform);
    },
  };
}

interface Analogue {
  /** the last step of the days compared */
  readonly at: number;
  readonly level: number;
  readonly distance: number;
}

function following(z: Float64Array, day: number, horizon: number, transform: Transform) {
  const now = z.length - 1;
  const level = levelAt(z, now, day);
  const nearest = analoguesOf(z, day, horizon, level);
  const point = new Float64Array(horizon);
  const size = new Float64Array(horizon);
  let weights = 0;
  for (const one of nearest) weights += weightOf(one);
  for (const one of nearest)
    for (let h = 0; h < horizon; h++)
      point[h]! += (weightOf(one) / weights) * (z[one.at + 1 + h]! - one.level);
  for (const one of nearest)
    for (let h = 0; h < horizon; h++)
      size[h]! += (weightOf(one) / weights) * Math.abs(z[one.at + 1 + h]! - one.level - point[h]!);
  const moved = point.map((value) => value + level);
  return { point: transform.back(moved), spread: spreadOf(moved, smoothed(size), transform) };
}

function weightOf({ distance }: Analogue): number {
  return 1 / (distance + 1e-9);
}

function analoguesOf(z: Float64Array, day: number, horizon: number, level: number): Analogue[] {
  const compared = DAYS_COMPARED * day;
  const found: Analogue[] = [];
  const last = z.length - 1 - Math.ceil(horizon / day) * day;
  for (let at = last; at >= compared - 1; at -= day) {
    const own = levelAt(z, at, day);
    found.push({ at, level: own, distance: distanceOf(z, at, own, level, day) });
  }
  return found.sort((a, b) => a.distance - b.distance).slice(0, FOLLOWED);
}

function levelAt(z: Float64Array, at: number, day: number): number {
  let sum = 0;
  for (let back = 0; back < day; back++) sum += z[at - back]!;
  return sum / day;
}

function distanceOf(z: Float64Array, at: number, own: number, level: number, day: number): number {
  const compared = DAYS_COMPARED * day;
  const stride = Math.max(1, Math.ceil(compared / STEPS_COMPARED_MAX));
  const now = z.length - 1;
  let distance = LEVEL_WEIGHT * Math.abs(own - level);
  for (let back = 0; back < compared; back += stride) {
    const apart = Math.abs(z[now - back]! - level - (z[at - back]! - own));
    distance += apart * Math.exp(-back / compared);
  }
  return distance;
}

/** Five followers say little about one step: each step's spread is half its own, half that of all. */
function smoothed(size: Float64Array): Float64Array {
  let mean = 0;
  for (const value of size) mean += value / size.length;
  return size.map((value) => (value + mean) / 2);
}
