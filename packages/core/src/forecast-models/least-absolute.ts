/**
 * Regression by least squares or by least absolute errors, the latter by iterative re-weighting: a burst in the
 * past then does not bend the forecast of every later day.
 */
import { solve } from './linear-solve.ts';

export interface Rows {
  /** row-major, `width` columns */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly width: number;
}

export interface Solution {
  readonly solution: Float64Array;
  /** mean absolute residual */
  readonly residual: number;
}

const REWEIGHTINGS = 2;
/** residuals below this part of the mean weigh as if they were so large, so that none decides alone */
const RESIDUAL_FLOOR = 0.25;

export function leastSquares(rows: Rows, shrinkage: number): Solution {
  const solution = weighted(rows, new Float64Array(rows.y.length).fill(1), shrinkage);
  return { solution, residual: meanOf(residualsOf(rows, solution)) };
}

/** `start`: a solution of nearly the same rows to begin the re-weighting from; without it, least squares. */
export function leastAbsolute(rows: Rows, shrinkage: number, start?: Float64Array): Solution {
  const weights = new Float64Array(rows.y.length).fill(1);
  let solution = start ?? weighted(rows, weights, shrinkage);
  let residuals = residualsOf(rows, solution);
  for (let round = 0; round < REWEIGHTINGS; round++) {
    reweight(weights, residuals);
    solution = weighted(rows, weights, shrinkage);
    residuals = residualsOf(rows, solution);
  }
  return { solution, residual: meanOf(residuals) };
}

function weighted({ x, y, width }: Rows, weights: Float64Array, shrinkage: number): Float64Array {
  const gram = new Float64Array(width * width);
  const c = new Float64Array(width);
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    const at = row * width;
    const weight = weights[row]!;
    total += weight;
    for (let i = 0; i < width; i++) {
      const value = x[at + i]! * weight;
      const to = i * width;
      c[i]! += value * y[row]!;
      for (let j = 0; j <= i; j++) gram[to + j]! += value * x[at + j]!;
    }
  }
  for (let i = 0; i < width; i++) gram[i * width + i]! += shrinkage * total + Number.MIN_VALUE;
  solve(gram, c, width, 1);
  return c;
}

function residualsOf({ x, y, width }: Rows, coefficients: Float64Array): Float64Array {
  const residuals = new Float64Array(y.length);
  for (let row = 0; row < y.length; row++) {
    let sum = y[row]!;
    for (let i = 0; i < width; i++) sum -= x[row * width + i]! * coefficients[i]!;
    residuals[row] = Math.abs(sum);
  }
  return residuals;
}

function reweight(weights: Float64Array, residuals: Float64Array): void {
  const floor = RESIDUAL_FLOOR * meanOf(residuals) + 1e-9;
  let sum = 0;
  for (let row = 0; row < weights.length; row++) sum += weights[row] = 1 / Math.max(residuals[row]!, floor);
  for (let row = 0; row < weights.length; row++) weights[row]! *= weights.length / sum;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}
