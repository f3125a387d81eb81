/**
 * How good the model is on a log: each event is predicted from what came before it, scored, and only then learned (Dawid 1984).
 * The first event of a key counts. Beside it, in the same run, plain Markov chains and the most frequent types.
 */
import { seededRandom } from '../kernel/index.ts';
import { AttributeInformation, type Information } from './attribute-information.ts';
import { type Correlation, CorrelationMatrix } from './correlation-matrix.ts';
import { MARKOV_ORDER_MAX, MarkovChains } from './markov.ts';
import { NextEventModel, type ObservedEvent } from './next-event-model.ts';

export const HIT_DEPTHS = [1, 3, 5] as const;
const RANKED = 5;
const PLACES = 64;
const RELIABILITY_ENDS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
const SEED = 24;
const TYPES_MAX = 65_528;
/** some 30 MB; a power of two */
const CONTEXTS_MAX = 1 << 18;

export type Hits = Readonly<Record<(typeof HIT_DEPTHS)[number], number>>;

/** Of all types that were given a probability in this range, how many came. */
export interface ReliabilityRow {
  readonly upTo: number;
  readonly predictions: number;
  readonly expected: number;
  readonly observed: number;
}

export interface Evaluation {
  readonly events: number;
  readonly hits: Hits;
  readonly baselines: Readonly<Record<string, Hits>>;
  /** mean of -ln of the probability that the model gave to what came; "a new type" is one answer */
  readonly logLoss: number;
  readonly reliability: readonly ReliabilityRow[];
  readonly features: readonly (Information & { readonly name: string })[];
  readonly matrix: readonly Correlation[];
}

export interface EvaluationOptions {
  readonly attributes: readonly string[];
  readonly keysMax: number;
  readonly contextsMax?: number;
}

export class PrequentialEvaluation {
  private readonly model: NextEventModel;
  private readonly chains = new MarkovChains();
  private readonly matrix = new CorrelationMatrix(PLACES);
  private readonly information: readonly AttributeInformation[];
  private readonly attributes: readonly string[];
  private readonly own = new HitCounter();
  private readonly ofOrder = Array.from({ length: MARKOV_ORDER_MAX + 1 }, () => new HitCounter());
  private readonly bins = RELIABILITY_ENDS.map(() => ({ predictions: 0, expected: 0, observed: 0 }));
  private loss = 0;
  private events = 0;

  constructor({ attributes, keysMax, contextsMax = CONTEXTS_MAX }: EvaluationOptions) {
    this.attributes = attributes;
    this.information = attributes.map(() => new AttributeInformation());
    this.model = new NextEventModel({
      ...{ attributes, keysMax, typesMax: TYPES_MAX, contextsMax, wideContextsMax: contextsMax / 8 },
      matrix: this.matrix,
    });
  }

  /** Predicts the event of a key from what was observed; returns how likely its type was. */
  observe(event: ObservedEvent): number {
    this.events++;
    const { model } = this;
    model.predict(event.key);
    const probability = model.probabilityOf(event.type);
    this.loss -= Math.log(probability);
    const type = model.types.find(event.type);
    this.own.add(model.top(RANKED), type);
    for (const [order, hits] of this.ofOrder.entries())
      hits.add(this.chains.rank(event.key, order, RANKED), type);
    this.addReliability(type);
    const before = model.lastOf(event.key);
    model.learn(event);
    const learned = model.types.find(event.type)!;
    this.chains.learn(event.key, learned);
    if (before !== undefined)
      for (const [i, one] of this.information.entries()) one.add(before.type, before.attributes[i]!, learned);
    return probability;
  }

  result(): Evaluation {
    const random = seededRandom(SEED);
    return {
      events: this.events,
      hits: this.own.shares(this.events),
      baselines: Object.fromEntries(
        this.ofOrder.map((hits, order) => [baselineName(order), hits.shares(this.events)]),
      ),
      logLoss: this.events === 0 ? 0 : this.loss / this.events,
      reliability: this.bins.map(({ predictions, expected, observed }, i) => ({
        upTo: RELIABILITY_ENDS[i]!,
        predictions,
        expected: predictions === 0 ? 0 : expected / predictions,
        observed: predictions === 0 ? 0 : observed / predictions,
      })),
      features: this.attributes.map((name, i) => ({ name, ...this.information[i]!.measure(random) })),
      matrix: this.matrix.correlations(this.model.types),
    };
  }

  private addReliability(type: number | undefined): void {
    const { evidence, probabilities } = this.model;
    for (let c = 0; c < evidence.candidateCount; c++) {
      const p = probabilities[c]!;
      const bin = this.bins[RELIABILITY_ENDS.findIndex((end) => p <= end)] ?? this.bins.at(-1)!;
      bin.predictions++;
      bin.expected += p;
      if (evidence.candidates[c] === type) bin.observed++;
    }
  }
}

export function baselineName(order: number): string {
  return order === 0 ? 'mostFrequent' : `markov${order}`;
}

class HitCounter {
  private readonly counts = HIT_DEPTHS.map(() => 0);

  add(ranked: readonly number[], type: number | undefined): void {
    const place = type === undefined ? -1 : ranked.indexOf(type);
    if (place < 0) return;
    for (const [i, depth] of HIT_DEPTHS.entries()) if (place < depth) this.counts[i]!++;
  }

  shares(events: number): Hits {
    return Object.fromEntries(
      HIT_DEPTHS.map((depth, i) => [depth, events === 0 ? 0 : this.counts[i]! / events]),
    ) as Hits;
  }
}
