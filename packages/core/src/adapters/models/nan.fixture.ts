/** A planted model that answers nonsense. */
export async function forecast({ horizon }: { horizon: number }) {
  return { point: new Float64Array(horizon).fill(Number.NaN), spread: new Float64Array(horizon) };
}
