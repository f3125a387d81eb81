/**
 * Which types follow which, within a key: for each pair the coefficient, the distribution of the lag, and the number of samples.
 *
 * The coefficient is phi of two statements about an event: "it is of type B", and "A is among the eight events of its key
 * before it": 1 where B comes if and only if A came, 0 where A says nothing, below 0 where A keeps B away. The lag is the
 * time since the last A.
 *
 * The most frequent types have a place each, at most `placesMax`. A type that has become more frequent than the rarest of
 * them takes its place, and what was known of that one is dropped.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import type { EventTypes } from './event-types.ts';
import { type KeyHistories, ORDERS_MAX } from './key-histories.ts';
import { checkSize, readNumbers, writeNumbers } from './snapshot.ts';

/** below so many expected samples a coefficient says little (Cochran 1954) */
const EXPECTED_MIN = 5;
/** classes of lags: 0, then each twice the one before, from 1 ms to 2^38 ms (nine years) */
const LAG_CLASSES = 40;
const NO_PLACE = -1;
/** a newcomer must be this much more frequent, so that two types do not take turns */
const LEAD = 1.1;

export interface Correlation {
  readonly from: string;
  readonly to: string;
  readonly coefficient: number;
  readonly samples: number;
  /** false: too few for a statement, shown in grey */
  readonly isEnough: boolean;
  readonly lagMs: { readonly p10: number; readonly p50: number; readonly p90: number };
}

/** Counts of the matrix, from which coefficients follow. Numbers of types are places in `types`. */
export interface PairCounts {
  readonly total: number;
  readonly types: readonly string[];
  /** [type]: its events, and events with one of it among the eight before them */
  readonly events: readonly number[];
  readonly preceded: readonly number[];
  readonly pairs: readonly PairCount[];
}

export interface PairCount {
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  /** [class of lags, samples], those with samples */
  readonly lags: readonly (readonly [number, number])[];
}

export class CorrelationMatrix {
  private readonly placesMax: number;
  /** [place]: the type; and how many events it had */
  private readonly typeAt: number[] = [];
  private readonly events: Float64Array;
  /** [place]: events with the type among the eight before them */
  private readonly preceded: Float64Array;
  /** [from x to] and [from x to x class] */
  private readonly pairs: Float64Array;
  private readonly lags: Uint32Array;
  private readonly placeOfType = new Map<number, number>();
  private total = 0;

  constructor(placesMax: number) {
    this.placesMax = placesMax;
    this.events = new Float64Array(placesMax);
    this.preceded = new Float64Array(placesMax);
    this.pairs = new Float64Array(placesMax * placesMax);
    this.lags = new Uint32Array(placesMax * placesMax * LAG_CLASSES);
  }

  /** REQUIRES that the event is not in the histories yet, and is counted in `types`. */
  observe(histories: KeyHistories, slot: number, type: number, timeMs: number, types: EventTypes): void {
    const to = this.placeFor(type, types);
    this.total++;
    if (to !== NO_PLACE) this.events[to]!++;
    const first = slot * ORDERS_MAX;
    const end = first + histories.lengths[slot]!;
    for (let i = first; i < end; i++) {
      const before = histories.types[i]!;
      if (isRepeated(histories.types, first, i)) continue;
      const from = this.placeOfType.get(before);
      if (from === undefined) continue;
      this.preceded[from]!++;
      if (to === NO_PLACE) continue;
      const pair = from * this.placesMax + to;
      this.pairs[pair]!++;
      this.lags[pair * LAG_CLASSES + lagClass(timeMs - histories.times[i]!)]!++;
    }
  }

  /** Pairs with at least one sample, strongest first among those with enough. */
  correlations(types: EventTypes): Correlation[] {
    const found: Correlation[] = [];
    for (const [from, fromType] of this.typeAt.entries())
      for (const [to, toType] of this.typeAt.entries()) {
        const pair = from * this.placesMax + to;
        if (this.pairs[pair] === 0) continue;
        found.push({
          from: types.nameOf(fromType) ?? '',
          to: types.nameOf(toType) ?? '',
          ...this.statistics(from, to),
          samples: this.pairs[pair]!,
          lagMs: { p10: this.lagAt(pair, 0.1), p50: this.lagAt(pair, 0.5), p90: this.lagAt(pair, 0.9) },
        });
      }
    return found.sort(
      (a, b) =>
        Number(b.isEnough) - Number(a.isEnough) ||
        Math.abs(b.coefficient) - Math.abs(a.coefficient) ||
        b.samples - a.samples,
    );
  }

  /** Of the most frequent types, at most `typesMax` of them. */
  counts(types: EventTypes, typesMax: number): PairCounts {
    const places = [...this.typeAt.keys()]
      .sort((a, b) => this.events[b]! - this.events[a]! || a - b)
      .slice(0, typesMax);
    return {
      total: this.total,
      types: places.map((place) => types.nameOf(this.typeAt[place]!) ?? ''),
      events: places.map((place) => this.events[place]!),
      preceded: places.map((place) => this.preceded[place]!),
      pairs: places.flatMap((fromPlace, from) =>
        places.flatMap((toPlace, to) => {
          const pair = fromPlace * this.placesMax + toPlace;
          const samples = this.pairs[pair]!;
          return samples === 0 ? [] : [{ from, to, samples, lags: this.lagsOf(pair) }];
        }),
      ),
    };
  }

  /** Only pairs with samples. */
  write(out: ByteWriter): void {
    const used = Uint32Array.from(this.pairs.keys()).filter((pair) => this.pairs[pair] !== 0);
    out.uint(this.placesMax);
    out.uint(this.total);
    out.uint(this.typeAt.length);
    for (const type of this.typeAt) out.uint(type);
    writeNumbers(out, this.events);
    writeNumbers(out, this.preceded);
    out.uint(used.length);
    writeNumbers(out, used);
    for (const pair of used) {
      writeNumbers(out, this.pairs.subarray(pair, pair + 1));
      writeNumbers(out, this.lags.subarray(pair * LAG_CLASSES, (pair + 1) * LAG_CLASSES));
    }
  }

  /** REQUIRES that nothing was observed yet. */
  read(input: ByteReader): void {
    checkSize(input, this.placesMax, 'number of places');
    this.total = input.uint();
    const types = input.uint();
    for (let place = 0; place < types; place++) this.typeAt.push(input.uint());
    for (const [place, type] of this.typeAt.entries()) this.placeOfType.set(type, place);
    readNumbers(input, this.events);
    readNumbers(input, this.preceded);
    const used = new Uint32Array(input.uint());
    readNumbers(input, used);
    for (const pair of used) {
      readNumbers(input, this.pairs.subarray(pair, pair + 1));
      readNumbers(input, this.lags.subarray(pair * LAG_CLASSES, (pair + 1) * LAG_CLASSES));
    }
  }

  private statistics(from: number, to: number) {
    const both = this.pairs[from * this.placesMax + to]!;
    return phi({ total: this.total, both, preceded: this.preceded[from]!, events: this.events[to]! });
  }

  private lagsOf(pair: number): [number, number][] {
    const lags: [number, number][] = [];
    for (let i = 0; i < LAG_CLASSES; i++) {
      const samples = this.lags[pair * LAG_CLASSES + i]!;
      if (samples > 0) lags.push([i, samples]);
    }
    return lags;
  }

  /** A quantile of the lag, as the middle of its class. */
  private lagAt(pair: number, quantile: number): number {
    const first = pair * LAG_CLASSES;
    let left = quantile * this.pairs[pair]!;
    for (let i = 0; i < LAG_CLASSES; i++) {
      left -= this.lags[first + i]!;
      if (left <= 0) return middleOfLagClass(i);
    }
    return 2 ** (LAG_CLASSES - 2);
  }

  private placeFor(type: number, types: EventTypes): number {
    const known = this.placeOfType.get(type);
    if (known !== undefined) return known;
    if (this.typeAt.length < this.placesMax) return this.give(this.typeAt.length, type);
    let rarest = 0;
    for (let i = 1; i < this.placesMax; i++)
      if (types.counts[this.typeAt[i]!]! < types.counts[this.typeAt[rarest]!]!) rarest = i;
    if (types.counts[type]! < LEAD * types.counts[this.typeAt[rarest]!]! + 1) return NO_PLACE;
    this.placeOfType.delete(this.typeAt[rarest]!);
    return this.give(rarest, type);
  }

  private give(place: number, type: number): number {
    const { placesMax, pairs, lags } = this;
    this.typeAt[place] = type;
    this.placeOfType.set(type, place);
    this.events[place] = 0;
    this.preceded[place] = 0;
    for (let other = 0; other < placesMax; other++)
      for (const pair of [place * placesMax + other, other * placesMax + place]) {
        pairs[pair] = 0;
        lags.fill(0, pair * LAG_CLASSES, (pair + 1) * LAG_CLASSES);
      }
    return place;
  }
}

/** Of "an A came before" in `preceded` of all events, and "it is a B" in `events` of them; `both` of them are both. */
export function phi({ total, both, preceded, events }: Contingency): {
  readonly coefficient: number;
  readonly isEnough: boolean;
} {
  const spread = Math.sqrt(preceded * (total - preceded) * events * (total - events));
  return {
    coefficient: spread === 0 ? 0 : (both * total - preceded * events) / spread,
    isEnough:
      (preceded * events) / total >= EXPECTED_MIN && ((total - preceded) * events) / total >= EXPECTED_MIN,
  };
}

interface Contingency {
  readonly total: number;
  readonly both: number;
  readonly preceded: number;
  readonly events: number;
}

export function middleOfLagClass(lagClass: number): number {
  return lagClass === 0 ? 0 : Math.round(2 ** (lagClass - 1) * 1.5);
}

/** An earlier event of the same type is only the newest of them. */
function isRepeated(types: Uint16Array, first: number, at: number): boolean {
  for (let i = first; i < at; i++) if (types[i] === types[at]) return true;
  return false;
}

function lagClass(lagMs: number): number {
  if (lagMs < 1) return 0;
  return Math.min(LAG_CLASSES - 1, 1 + Math.floor(Math.log2(lagMs)));
}
