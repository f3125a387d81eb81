/**
 * Brings the probability of the likeliest type to what such probabilities were worth: for classes of its logit, how often that
 * type came (the adaptive probability map of PAQ). Between two classes their rates are interpolated; a class that has seen little
 * changes little. All other probabilities keep their proportions.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { ln } from './logarithms.ts';
import { readNumbers, writeNumbers } from './snapshot.ts';

/** classes of logits from -LOGIT_MAX to LOGIT_MAX */
const CLASSES = 25;
const LOGIT_MAX = 6;
const WIDTH = (2 * LOGIT_MAX) / (CLASSES - 1);
/** so many predictions its own centre counts for in each class */
const PRIOR = 20;
/** predictions that a class remembers */
const VISITS_MAX = 1_000;
const EDGE = 1e-6;
export const NO_CANDIDATE = -1;

export class Calibration {
  private readonly rates = Float64Array.from(
    { length: CLASSES },
    (_, i) => 1 / (1 + Math.exp(LOGIT_MAX - i * WIDTH)),
  );
  private readonly visits = new Float64Array(CLASSES).fill(PRIOR);
  // of the last prediction
  private top = NO_CANDIDATE;
  private below = 0;
  private towardsAbove = 0;

  /**
   * Changes the probabilities of the candidates, and of the rest behind the last of them. Returns the place of the likeliest
   * candidate, NO_CANDIDATE where there is none.
   */
  apply(probabilities: Float64Array, candidates: number): number {
    let top = candidates > 0 ? 0 : NO_CANDIDATE;
    for (let c = 1; c < candidates; c++) if (probabilities[c]! > probabilities[top]!) top = c;
    this.top = top;
    if (top === NO_CANDIDATE) return top;
    const p = Math.min(Math.max(probabilities[top]!, EDGE), 1 - EDGE);
    const logit = Math.min(Math.max(ln(p) - ln(1 - p), -LOGIT_MAX), LOGIT_MAX - EDGE);
    const at = (logit + LOGIT_MAX) / WIDTH;
    this.below = Math.floor(at);
    this.towardsAbove = at - this.below;
    if (p === 1 - EDGE || logit === -LOGIT_MAX || logit >= LOGIT_MAX - EDGE) return top;
    const rate =
      this.rates[this.below]! * (1 - this.towardsAbove) + this.rates[this.below + 1]! * this.towardsAbove;
    const by = (1 - rate) / (1 - p);
    for (let c = 0; c <= candidates; c++) probabilities[c]! *= by;
    probabilities[top] = rate;
    return top;
  }

  /** `target`: the place of the type that came. */
  learn(target: number): void {
    if (this.top === NO_CANDIDATE) return;
    const came = target === this.top ? 1 : 0;
    this.move(this.below, came, 1 - this.towardsAbove);
    this.move(this.below + 1, came, this.towardsAbove);
  }

  write(out: ByteWriter): void {
    writeNumbers(out, this.rates);
    writeNumbers(out, this.visits);
  }

  read(input: ByteReader): void {
    readNumbers(input, this.rates);
    readNumbers(input, this.visits);
  }

  private move(at: number, came: number, weight: number): void {
    this.visits[at] = Math.min(this.visits[at]! + weight, VISITS_MAX);
    this.rates[at]! += (weight * (came - this.rates[at]!)) / this.visits[at]!;
  }
}
