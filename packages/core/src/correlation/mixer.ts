/**
 * One mix of the evidence of the first `kinds` kinds of contexts: the score of a type is the logarithm of its overall share
 * plus what each context adds, times a weight; scores become probabilities by softmax. The weights follow the gradient of the
 * log loss (logistic mixing: Mahoney's PAQ; Mattern 2012), each in steps that shrink with the gradients it has seen (Duchi, Hazan,
 * Singer 2011). A weight has a part of its kind, quick to learn, and a part of its kind and class of visits.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import type { ContextKind } from './contexts.ts';
import { CANDIDATES_MAX, CLASSES, type Evidence } from './evidence.ts';
import { expBelowZero } from './logarithms.ts';
import { checkSize, readNumbers, writeNumbers } from './snapshot.ts';

const RATE_OF_KIND = 0.1;
const RATE_OF_CLASS = 0.03;
const STEPS_AT_FIRST = 1;

export class Mixer {
  readonly probabilities = new Float64Array(CANDIDATES_MAX + 1);
  /** [kind]: long and short memory in turn */
  private readonly ofKind: Float64Array;
  private readonly kindSteps: Float64Array;
  /** [kind x class] */
  private readonly ofClass: Float64Array;
  private readonly classSteps: Float64Array;
  private readonly kinds: number;

  constructor(kinds: readonly ContextKind[]) {
    this.kinds = kinds.length;
    this.ofKind = Float64Array.from(kinds.flatMap(({ weights }) => weights));
    this.kindSteps = new Float64Array(2 * kinds.length).fill(STEPS_AT_FIRST);
    this.ofClass = new Float64Array(2 * kinds.length * CLASSES);
    this.classSteps = new Float64Array(2 * kinds.length * CLASSES).fill(STEPS_AT_FIRST);
  }

  predict(evidence: Evidence): void {
    const { probabilities, ofKind, ofClass } = this;
    const { starts, places, long, short, classes, candidateCount } = evidence;
    for (let c = 0; c <= candidateCount; c++) probabilities[c] = evidence.rootLogs[c]!;
    for (let i = 0; i < this.kinds; i++) {
      const end = starts[i + 1]!;
      let e = starts[i]!;
      if (e === end) continue;
      const at = 2 * (i * CLASSES + classes[i]!);
      const byLong = ofKind[2 * i]! + ofClass[at]!;
      const byShort = ofKind[2 * i + 1]! + ofClass[at + 1]!;
      for (; e < end; e++) probabilities[places[e]!]! += byLong * long[e]! + byShort * short[e]!;
    }
    softmax(probabilities, candidateCount + 1);
  }

  /** `target`: the place of the type that came. */
  learn(evidence: Evidence, target: number): void {
    const { probabilities } = this;
    const { starts, places, long, short, classes } = evidence;
    for (let i = 0; i < this.kinds; i++) {
      const end = starts[i + 1]!;
      let e = starts[i]!;
      if (e === end) continue;
      let gradientLong = 0;
      let gradientShort = 0;
      for (; e < end; e++) {
        const place = places[e]!;
        const error = (place === target ? 1 : 0) - probabilities[place]!;
        gradientLong += error * long[e]!;
        gradientShort += error * short[e]!;
      }
      const at = 2 * (i * CLASSES + classes[i]!);
      step(this.ofKind, this.kindSteps, 2 * i, gradientLong, RATE_OF_KIND);
      step(this.ofKind, this.kindSteps, 2 * i + 1, gradientShort, RATE_OF_KIND);
      step(this.ofClass, this.classSteps, at, gradientLong, RATE_OF_CLASS);
      step(this.ofClass, this.classSteps, at + 1, gradientShort, RATE_OF_CLASS);
    }
  }

  write(out: ByteWriter): void {
    out.uint(this.kinds);
    for (const numbers of this.learned()) writeNumbers(out, numbers);
  }

  read(input: ByteReader): void {
    checkSize(input, this.kinds, 'number of contexts in a mix');
    for (const numbers of this.learned()) readNumbers(input, numbers);
  }

  private learned(): Float64Array[] {
    return [this.ofKind, this.kindSteps, this.ofClass, this.classSteps];
  }
}

function step(weights: Float64Array, steps: Float64Array, at: number, gradient: number, rate: number): void {
  const squares = steps[at]! + gradient * gradient;
  steps[at] = squares;
  weights[at]! += (rate * gradient) / Math.sqrt(squares);
}

function softmax(scores: Float64Array, count: number): void {
  let most = scores[0]!;
  for (let c = 1; c < count; c++) if (scores[c]! > most) most = scores[c]!;
  let sum = 0;
  for (let c = 0; c < count; c++) sum += scores[c] = expBelowZero(scores[c]! - most);
  const by = 1 / sum;
  for (let c = 0; c < count; c++) scores[c]! *= by;
}
