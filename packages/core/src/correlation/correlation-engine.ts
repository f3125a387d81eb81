/**
 * All that is learned from a stream of events, in one place: the model of the next event, the matrix, the rates of types, the gaps,
 * and the map of what is expected. It decides and does no IO: whoever reads the log hands events in, in their order, and saves
 * the state beside its own checkpoint.
 */
import { invariant } from '../kernel/index.ts';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { ArrivalTimes } from './arrival-times.ts';
import { CorrelationMatrix, type PairCounts } from './correlation-matrix.ts';
import { type HitRates, LateHits } from './late-hits.ts';
import { type ModelOptions, NextEventModel, type ObservedEvent } from './next-event-model.ts';
import { type Expectation, ProbabilityMap, type ProbabilityMapOptions } from './probability-map.ts';
import { type Rate, TypeRates } from './type-rates.ts';

/** of the bytes of a saved state */
const FORMAT = 2;
const MATRIX_PLACES = 64;
const GAP_PLACES = 1 << 14;
const RATE_INTERVAL_MS = 60_000;
const EXPECTED_MAX = 5;
const RANKED = 3;

export interface EngineOptions {
  readonly model: Omit<ModelOptions, 'matrix'>;
  readonly map: ProbabilityMapOptions;
}

export class CorrelationEngine {
  private readonly expectations: ProbabilityMap;
  private readonly model: NextEventModel;
  private readonly matrix = new CorrelationMatrix(MATRIX_PLACES);
  private readonly rates: TypeRates;
  private readonly arrivals = new ArrivalTimes(GAP_PLACES);
  private readonly late = new LateHits(RANKED);
  /** [key]: its shardlet; what it expects is worked out when somebody looks, once for all its events until then */
  private readonly waiting = new Map<string, number>();
  private readonly attributes: readonly string[];
  private readonly keysMax: number;

  constructor({ model, map }: EngineOptions) {
    this.model = new NextEventModel({ ...model, matrix: this.matrix });
    this.expectations = new ProbabilityMap(map);
    this.rates = new TypeRates(model.typesMax, RATE_INTERVAL_MS);
    this.attributes = model.attributes;
    this.keysMax = map.keysMax;
  }

  /** `shardlet`: where the key is. */
  observe(event: ObservedEvent, shardlet: number): void {
    const { model } = this;
    const before = model.lastOf(event.key);
    model.predict(event.key);
    const known = model.types.find(event.type);
    this.late.add(model.top(RANKED), model.types, known);
    model.learn(event);
    const type = model.types.find(event.type)!;
    // its number may have been another's
    if (known === undefined) this.rates.forget(type);
    this.rates.observe(type, event.timeMs);
    if (before !== undefined) this.arrivals.observe(before.type, type, event.timeMs - before.timeMs);
    // the key that changed last stands last
    this.waiting.delete(event.key);
    this.waiting.set(event.key, shardlet);
    if (this.waiting.size > this.keysMax) this.forgetOldest();
  }

  /** As of the last event of each key. */
  get map(): ProbabilityMap {
    this.workOut();
    return this.expectations;
  }

  /** How often it was right of late, beside "most frequent" in the same events. */
  get hits(): HitRates {
    return this.late.rates;
  }

  /** The last events of a key, newest first; empty for one that is not known (any more). */
  historyOf(key: string): readonly { readonly type: string; readonly timeMs: number }[] {
    return this.model.historyOf(key);
  }

  /** how many keys and types are known */
  get keys(): number {
    return this.model.histories.size;
  }

  get types(): number {
    return this.model.types.size;
  }

  /** Events were lost: no context spans them. */
  gap(): void {
    // what the keys expect was right before they were
    this.workOut();
    this.model.forgetHistories();
  }

  correlations() {
    return this.matrix.correlations(this.model.types);
  }

  /** What the matrix counted of its `typesMax` most frequent types: counts of several engines add up. */
  counts(typesMax: number): PairCounts {
    return this.matrix.counts(this.model.types, typesMax);
  }

  rateOf(type: string, nowMs: number): Rate | undefined {
    const id = this.model.types.find(type);
    return id === undefined ? undefined : this.rates.rateAt(id, nowMs);
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    out.uint(FORMAT);
    out.uint(this.attributes.length);
    for (const name of this.attributes) out.text(name);
    for (const part of this.parts()) part.write(out);
    return out.finish();
  }

  /**
   * The map is not saved: it fills again with the next event of each key.
   * @throws InvariantViolation or RangeError when the state is of other options or not whole
   */
  static restore(options: EngineOptions, bytes: Uint8Array): CorrelationEngine {
    const engine = new CorrelationEngine(options);
    const input = new ByteReader(bytes);
    invariant(input.uint() === FORMAT, 'the saved state is of another format');
    const names = Array.from({ length: input.uint() }, () => input.text());
    invariant(names.join('\n') === engine.attributes.join('\n'), 'the saved state has other attributes');
    for (const part of engine.parts()) part.read(input);
    invariant(input.isAtEnd, 'the saved state has more bytes than it should');
    return engine;
  }

  private parts() {
    return [this.model, this.matrix, this.rates, this.arrivals, this.late];
  }

  /** The map has no room for it either. */
  private forgetOldest(): void {
    for (const [key, shardlet] of this.waiting) {
      this.waiting.delete(key);
      this.expectations.update(key, shardlet, []);
      return;
    }
  }

  private workOut(): void {
    for (const [key, shardlet] of this.waiting) {
      const last = this.model.lastOf(key);
      if (last !== undefined)
        this.expectations.update(key, shardlet, this.expected(key, last.type, last.timeMs));
    }
    this.waiting.clear();
  }

  private expected(key: string, last: number, nowMs: number): Expectation[] {
    const { model, arrivals } = this;
    model.predict(key);
    return model.top(EXPECTED_MAX).flatMap((type) => {
      const name = model.types.nameOf(type);
      if (name === undefined) return [];
      const gapMs = arrivals.gapMs(last, type);
      const expectedAtMs = gapMs === undefined ? undefined : Math.round(nowMs + gapMs);
      return [{ type: name, probability: model.probabilityOf(name), expectedAtMs }];
    });
  }
}
