/** Pieces of work one after the other, where one that fails does not keep the others waiting. */

/** What every piece needs is away: the next one would wait for it in vain. */
const ENDS_ALL: ReadonlySet<string> = new Set(['DatabaseUnreachable']);

/** @throws what failed first, after the last piece */
export async function eachInTurn<T>(
  pieces: Iterable<T>,
  signal: AbortSignal,
  work: (piece: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const piece of pieces) {
    if (signal.aborted) break;
    try {
      await work(piece);
    } catch (error) {
      if (error instanceof Error && ENDS_ALL.has(error.name)) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
