/** What a simulation asks of chance, all from one seed. */
import { invariant, type Random, seededRandom } from '../kernel/index.ts';

export class Draws {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.random.next() * n);
  }

  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + this.random.next() * (to - from);
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    invariant(items.length > 0, 'nothing to pick from');
    return items[this.below(items.length)]!;
  }

  /** A source of its own: what one part draws does not change what another one gets. */
  fork(): Draws {
    return new Draws(this.below(0x1_0000_0000));
  }
}
