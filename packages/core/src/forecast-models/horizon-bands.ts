/**
 * Steps ahead are judged in bands that double: what is best for the next step is seldom best for the next day,
 * and a band has enough errors to tell where a single step has not.
 */
export function bandOf(stepAhead: number): number {
  return Math.floor(Math.log2(stepAhead));
}

export function bandCount(horizon: number): number {
  return bandOf(horizon) + 1;
}
