/** What each way to prefetch expects after an access. */
import { ReadAssociations } from '@foreshard/core/prefetching';
import type { Access } from './traces.ts';

export interface Expected {
  readonly id: string;
  readonly probability: number;
}

export interface Predictor {
  observe(access: Access, at: number): readonly Expected[];
}

const NOTHING: readonly Expected[] = [];
const AHEAD = 2;

export const NO_PREDICTOR: Predictor = { observe: () => NOTHING };

/** The next keys in the order of the store, once two accesses followed each other in it. */
export class ReadAhead implements Predictor {
  private readonly ids: readonly string[];
  private readonly ranks: ReadonlyMap<string, number>;
  private last = Number.NaN;

  constructor(accesses: readonly Access[]) {
    this.ids = [...new Set(accesses.map(({ id }) => id))].sort(
      (a, b) => Number(a) - Number(b) || (a < b ? -1 : 1),
    );
    this.ranks = new Map(this.ids.map((id, rank) => [id, rank]));
  }

  observe({ id }: Access): readonly Expected[] {
    const rank = this.ranks.get(id)!;
    const isNext = rank - this.last === 1 || rank - this.last === 2;
    this.last = rank;
    if (!isNext) return NOTHING;
    return this.ids.slice(rank + 1, rank + 1 + AHEAD).map((one) => ({ id: one, probability: 1 }));
  }
}

/** Exact counts of what came next, without forgetting. */
export class MarkovOfOrder1 implements Predictor {
  private readonly followers = new Map<string, { total: number; readonly counts: Map<string, number> }>();
  private readonly last = new Map<string, string>();

  observe({ id, reader }: Access): readonly Expected[] {
    const before = this.last.get(reader);
    this.last.set(reader, id);
    if (before !== undefined) this.count(before, id);
    const known = this.followers.get(id);
    if (known === undefined) return NOTHING;
    const best: Expected[] = [];
    for (const [next, count] of known.counts) {
      const probability = count / known.total;
      if (best.length === AHEAD && best[AHEAD - 1]!.probability >= probability) continue;
      best.push({ id: next, probability });
      best.sort((a, b) => b.probability - a.probability);
      best.length = Math.min(best.length, AHEAD);
    }
    return best;
  }

  private count(before: string, id: string): void {
    const known = this.followers.get(before) ?? { total: 0, counts: new Map<string, number>() };
    known.total++;
    known.counts.set(id, (known.counts.get(id) ?? 0) + 1);
    this.followers.set(before, known);
  }
}

/** The product's: what is certain goes first, then what associations announce. */
export class Prefetching implements Predictor {
  private readonly reads: ReadAssociations;
  private readonly ahead: ReadAhead;

  constructor(accesses: readonly Access[], window: number) {
    this.ahead = new ReadAhead(accesses);
    this.reads = new ReadAssociations({ objectsMax: 65_536, window, readersMax: 4_096 });
  }

  observe(access: Access): readonly Expected[] {
    return [...this.ahead.observe(access), ...this.reads.observe(access.id, access.reader)];
  }
}

/** Knows what comes. */
export class Future implements Predictor {
  private readonly accesses: readonly Access[];

  constructor(accesses: readonly Access[]) {
    this.accesses = accesses;
  }

  observe(_access: Access, at: number): readonly Expected[] {
    return this.accesses.slice(at + 1, at + 1 + 2 * AHEAD).map(({ id }) => ({ id, probability: 1 }));
  }
}
