/**
 * How far the forecast of each shardlet is believed: mixed with its part of the total's forecast, by the squares of how
 * wrong both have been lately for this shardlet. Keys whose own forecasts are noise so weigh little, and the sum of all
 * shardlets stays what is forecast for the total.
 */

/** steps of ten minutes from a prediction to what it is held against */
const AHEAD = 2;
/** memory of errors: about six hours */
const RATE = 1 / 36;

interface Waiting {
  readonly step: number;
  readonly expected: Float64Array;
  readonly part: Float64Array;
}

export class PieceTrust {
  private readonly waiting: Waiting[] = [];
  private own: number[] = [];
  private part: number[] = [];

  /** At every step: what is measured by piece now, what is expected of it, and how the total is to change. */
  learn(
    step: number,
    now: Float64Array,
    expected: (piece: number, ahead: number) => number,
    growth: readonly number[],
  ): void {
    while (this.waiting.length > 0 && this.waiting[0]!.step + AHEAD <= step) {
      const past = this.waiting.shift()!;
      if (past.step + AHEAD === step) this.judge(past, now);
    }
    this.waiting.push({
      step,
      part: now.map((load) => load * (growth[AHEAD - 1] ?? 1)),
      expected: now.map((_, piece) => expected(piece, AHEAD - 1)),
    });
  }

  /** Part of the forecast in the mix, 1 while nothing is known against it. */
  of(piece: number): number {
    const own = (this.own[piece] ?? 0) ** 2;
    const part = (this.part[piece] ?? 0) ** 2;
    return own + part > 0 ? part / (own + part) : 1;
  }

  private judge({ expected, part: parts }: Waiting, now: Float64Array): void {
    for (let piece = 0; piece < expected.length; piece++) {
      const own = Math.abs(expected[piece]! - now[piece]!);
      const part = Math.abs(parts[piece]! - now[piece]!);
      this.own[piece] = (this.own[piece] ?? own) + RATE * (own - (this.own[piece] ?? own));
      this.part[piece] = (this.part[piece] ?? part) + RATE * (part - (this.part[piece] ?? part));
    }
  }
}
