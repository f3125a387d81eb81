/**
 * Which of two types that are nearly equally likely is named first. Recent noise would decide it each time anew; naming the one that
 * came most often, as a plain Markov chain does, is as good and steadier. Of the orders 1 to 4 the one speaks that was right most
 * often, and only while the mix has not proven to know better than it (a sign test over the events on which they differ).
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import type { ContextTable } from './context-table.ts';
import type { Evidence } from './evidence.ts';
import { readNumbers, writeNumbers } from './snapshot.ts';

const ORDERS = 4;
/** a type this near to the likeliest is as good */
const NEARLY = 0.5;
/** of the hits, with each event */
const FADING = 0.9998;
/** deviations of the sign test */
const PROVEN = 2;
const NONE = -1;

export class TieBreak {
  /** [order - 1]: what it would say, and how often it was right */
  private readonly picks = new Int32Array(ORDERS);
  private readonly hits = new Float64Array(ORDERS);
  /** events on which only the mix was right, and only the chain */
  private readonly wins = new Float64Array(2);
  private likeliest = NONE;
  private pick = NONE;

  /** `tables`: by kind of context; the orders 1 to 4 are the kinds 1 to 4. `likeliest`: the type that the mix says. */
  update({ slots }: Evidence, tables: readonly ContextTable[], likeliest: number): void {
    let pick = NONE;
    let best = 0;
    for (let order = 1; order <= ORDERS; order++) {
      const slot = slots[order]!;
      const table = tables[order]!;
      if (slot >= 0) pick = table.halves[table.typesAt(slot)]!;
      this.picks[order - 1] = pick;
      if (this.hits[order - 1]! > this.hits[best]!) best = order - 1;
    }
    this.likeliest = likeliest;
    this.pick = this.picks[best]!;
  }

  /** The type to name first. */
  choose(probabilityOf: (type: number) => number): number {
    const { likeliest, pick, wins } = this;
    if (pick === NONE || pick === likeliest) return likeliest;
    const [mix, chain] = [wins[0]!, wins[1]!];
    if (mix - chain > PROVEN * Math.sqrt(mix + chain)) return likeliest;
    return probabilityOf(pick) >= NEARLY * probabilityOf(likeliest) ? pick : likeliest;
  }

  learn(type: number): void {
    for (let i = 0; i < ORDERS; i++) {
      this.hits[i]! *= FADING;
      if (this.picks[i] === type) this.hits[i]!++;
    }
    this.wins[0]! *= FADING;
    this.wins[1]! *= FADING;
    if (this.likeliest === this.pick) return;
    if (this.likeliest === type) this.wins[0]!++;
    if (this.pick === type) this.wins[1]!++;
  }

  write(out: ByteWriter): void {
    writeNumbers(out, this.hits);
    writeNumbers(out, this.wins);
  }

  read(input: ByteReader): void {
    readNumbers(input, this.hits);
    readNumbers(input, this.wins);
  }
}
