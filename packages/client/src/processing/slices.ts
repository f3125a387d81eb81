/** Long work in slices: other work of the process goes on in between, so signs of life and handlers are not held up. */
const SLICE_MS = 5;
/** The clock is read after about so many characters of work, not at each step. */
const WORK_PER_LOOK = 20_000;
const STEP_WORK = 100;

export class Slices {
  private sinceMs = performance.now();
  private work = 0;

  /** After each step, with the characters it took: true when it is time for `pause`. */
  isOver(chars = 0): boolean {
    this.work += STEP_WORK + chars;
    if (this.work < WORK_PER_LOOK) return false;
    this.work = 0;
    return performance.now() - this.sinceMs > SLICE_MS;
  }

  async pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.sinceMs = performance.now();
  }
}

const RUN = 1_024;

/**
 * Sorts in slices, in the order of UTF-16 units, which does not depend on a locale: runs are sorted by the engine and merged
 * two by two.
 */
export async function sorted(texts: readonly string[], slices: Slices): Promise<string[]> {
  let runs: string[][] = [];
  for (let i = 0; i < texts.length; i += RUN) {
    runs.push(texts.slice(i, i + RUN).sort());
    if (slices.isOver(WORK_PER_LOOK)) await slices.pause();
  }
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(await mergedRuns(runs[i]!, runs[i + 1] ?? [], slices));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedRuns(a: readonly string[], b: readonly string[], slices: Slices): Promise<string[]> {
  const merged: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const isFirst = j >= b.length || (i < a.length && a[i]! <= b[j]!);
    merged.push(isFirst ? a[i++]! : b[j++]!);
    if (slices.isOver()) await slices.pause();
  }
  return merged;
}
