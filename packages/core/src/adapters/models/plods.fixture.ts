/** A planted model that answers, and takes a second of work for each answer. */
export async function forecast({ horizon }: { horizon: number }) {
  const endMs = performance.now() + 1_000;
  while (performance.now() < endMs);
  return { point: new Float64Array(horizon).fill(100), spread: new Float64Array(horizon).fill(1) };
}
