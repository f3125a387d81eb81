import type { Random } from '@foreshard/core/kernel';

/**
 * Runs the candidates in turn (A B C A B C ...) and compares them round by round. Speeds of a shared
 * machine move two- to threefold between minutes, so only the ratio inside one round means something; its
 * median over the rounds is the result, with the extremes beside it.
 */
export interface Candidate {
  readonly name: string;
  /** one measurement, in any unit that all candidates of the bench share */
  measure(round: number): Promise<number>;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** `random`: each round has an order of its own. */
export async function interleave(
  candidates: readonly Candidate[],
  rounds: number,
  random?: Random,
): Promise<Map<string, number[]>> {
  const results = new Map(candidates.map((c) => [c.name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const candidate of random === undefined ? candidates : shuffled(candidates, random)) {
      const value = await candidate.measure(round);
      results.get(candidate.name)!.push(value);
      process.stderr.write(`  round ${round + 1}/${rounds}  ${candidate.name}: ${format(value)}\n`);
    }
  }
  return results;
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  return all.map(() => left.splice(Math.floor(random.next() * left.length), 1)[0]!);
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return {
    median: round3(median),
    min: round3(sorted[0]!),
    max: round3(sorted.at(-1)!),
    rounds: sorted.length,
  };
}

/** The ratio a/b of each round. REQUIRES both from the same interleaved run. */
export function ratio(results: Map<string, number[]>, a: string, b: string): Spread {
  const over = results.get(b)!;
  return spread(results.get(a)!.map((value, i) => value / over[i]!));
}

function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

export function format(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
