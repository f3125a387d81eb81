/**
 * Predicts the type of the next event of a key, and learns from it when it came.
 *
 *   history of the key -> hashes of its contexts -> evidence -> three mixes -> one distribution
 *
 * The mixes see more and more kinds of contexts: none, the lowest orders, all. Which is right depends on the log and on how
 * much of it has passed: where events do not depend on each other every context is noise. So each mix has a share
 * that follows its likelihood, and keeps a least share to come back with (Herbster, Warmuth 1998).
 */

import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { Calibration, NO_CANDIDATE } from './calibration.ts';
import { ContextTable, type Memories } from './context-table.ts';
import { ABSENT, type ContextKind, contextKinds, hashContexts } from './contexts.ts';
import type { CorrelationMatrix } from './correlation-matrix.ts';
import { EventTypes, NO_TYPE } from './event-types.ts';
import { CANDIDATES_MAX, Evidence } from './evidence.ts';
import { KeyHistories, ORDERS_MAX } from './key-histories.ts';
import { Mixer } from './mixer.ts';
import { readNumbers, writeNumbers } from './snapshot.ts';
import { TieBreak } from './tie-break.ts';

export interface ModelOptions {
  /** names of the attributes that each event brings, at most eight */
  readonly attributes: readonly string[];
  readonly keysMax: number;
  readonly typesMax: number;
  /** contexts kept with a short list of types, and with a long one; powers of two */
  readonly contextsMax: number;
  readonly wideContextsMax: number;
  /** is kept up to date with all that is learned */
  readonly matrix?: CorrelationMatrix;
}

export interface ObservedEvent {
  readonly key: string;
  readonly type: string;
  readonly timeMs: number;
  /** in the order of the model's attributes */
  readonly attributes: readonly string[];
}

interface LastEvent {
  readonly type: number;
  readonly timeMs: number;
  /** hashes of their values */
  readonly attributes: Int32Array;
}

const WIDTH = 6;
const WIDE = 24;
const MEMORIES: Memories = { long: 500, short: 12 };
/** orders 0 to 3 */
const LOW_ORDERS = 4;
/** contexts up to this order, and what refines them, are always kept */
const EAGER_ORDERS = 5;
/** how far one event moves the shares of the mixes */
const SHARE_RATE = 0.3;
const SHARE_MIN = 0.001;
const LIKELIHOOD_MIN = 1e-6;

export class NextEventModel {
  readonly types: EventTypes;
  readonly histories: KeyHistories;
  readonly kinds: readonly ContextKind[];
  /** [candidate]: of the last prediction; behind the last candidate that of all other types */
  readonly probabilities = new Float64Array(CANDIDATES_MAX + 1);
  readonly evidence: Evidence;
  private readonly stores: readonly ContextTable[];
  /** [kind] */
  private readonly tables: readonly ContextTable[];
  private readonly mixers: readonly Mixer[];
  private readonly shares: Float64Array;
  private readonly calibration = new Calibration();
  private readonly tieBreak = new TieBreak();
  private readonly hashes: Int32Array;
  private readonly matrix: CorrelationMatrix | undefined;
  private slot = -1;

  constructor(options: ModelOptions) {
    this.types = new EventTypes(options.typesMax);
    this.histories = new KeyHistories(options.keysMax, options.attributes.length);
    this.kinds = contextKinds(options.attributes);
    const narrow = new ContextTable(options.contextsMax, WIDTH, MEMORIES);
    const wide = new ContextTable(options.wideContextsMax, WIDE, MEMORIES);
    this.stores = [narrow, wide];
    this.tables = this.kinds.map(({ isWide }) => (isWide ? wide : narrow));
    this.evidence = new Evidence(this.kinds, this.tables, this.types);
    this.mixers = [0, LOW_ORDERS, this.kinds.length].map((end) => new Mixer(this.kinds.slice(0, end)));
    this.shares = new Float64Array(this.mixers.length).fill(1 / this.mixers.length);
    this.matrix = options.matrix;
    this.hashes = new Int32Array(this.kinds.length);
  }

  predict(key: string): void {
    const { probabilities, evidence, mixers } = this;
    this.slot = this.histories.slotOf(key);
    hashContexts(this.histories, this.slot, this.hashes);
    evidence.gather(this.hashes);
    probabilities.fill(0);
    for (let s = 0; s < mixers.length; s++) {
      const mixer = mixers[s]!;
      mixer.predict(evidence);
      const share = this.shares[s]!;
      for (let c = 0; c <= evidence.candidateCount; c++) probabilities[c]! += share * mixer.probabilities[c]!;
    }
    const top = this.calibration.apply(probabilities, evidence.candidateCount);
    this.tieBreak.update(evidence, this.tables, top === NO_CANDIDATE ? NO_TYPE : evidence.candidates[top]!);
  }

  /** REQUIRES that `predict` was called for its key last. */
  learn(event: ObservedEvent): void {
    const known = this.types.find(event.type);
    const target = known === undefined ? this.evidence.candidateCount : this.evidence.placeOf(known);
    this.calibration.learn(target);
    this.moveShares(target);
    for (const mixer of this.mixers) mixer.learn(this.evidence, target);
    const type = this.types.count(event.type);
    this.tieBreak.learn(type);
    for (let i = 0; i < this.kinds.length; i++) {
      const hash = this.hashes[i]!;
      if (hash === ABSENT) continue;
      const table = this.tables[i]!;
      const slot = this.evidence.slots[i]!;
      if (slot < 0 && !this.isWorthwhile(i)) continue;
      table.learn(slot >= 0 ? slot : table.claim(hash), type);
    }
    this.matrix?.observe(this.histories, this.slot, type, event.timeMs, this.types);
    this.histories.push(this.slot, type, event.timeMs, event.attributes);
  }

  /** The probability that the last prediction gave to a type; for a type not seen yet, to any such. */
  probabilityOf(type: string): number {
    const { evidence, probabilities } = this;
    const id = this.types.find(type);
    const place = id === undefined ? evidence.candidateCount : evidence.placeOf(id);
    if (place < evidence.candidateCount) return probabilities[place]!;
    const share = id === undefined ? this.types.novelty : this.types.shareOf(id);
    return (probabilities[place]! * share) / evidence.rootRest;
  }

  /** The likeliest types of the last prediction, best first; of those nearly equal, the most frequent. */
  top(count: number): number[] {
    const { candidates, candidateCount } = this.evidence;
    const ranked: number[] = [];
    for (let c = 0; c < candidateCount; c++) {
      const p = this.probabilities[c]!;
      let at = ranked.length;
      while (at > 0 && this.probabilities[ranked[at - 1]!]! < p) at--;
      if (at === count) continue;
      ranked.splice(at, 0, c);
      if (ranked.length > count) ranked.pop();
    }
    if (ranked.length === 0) return [];
    const types = ranked.map((c) => candidates[c]!);
    const chosen = this.tieBreak.choose((type) => this.probabilityAt(this.evidence.placeOf(type)));
    const first = chosen === NO_TYPE ? types[0]! : chosen;
    return [first, ...types.filter((type) => type !== first)].slice(0, count);
  }

  /** The last event of a key, `undefined` before its first. */
  lastOf(key: string): LastEvent | undefined {
    const { histories } = this;
    const slot = histories.find(key);
    if (slot === undefined || histories.lengths[slot] === 0) return undefined;
    const first = slot * histories.attributeCount;
    return {
      type: histories.types[slot * ORDERS_MAX]!,
      timeMs: histories.times[slot * ORDERS_MAX]!,
      attributes: histories.attributes.slice(first, first + histories.attributeCount),
    };
  }

  /** Newest first. Looking admits no key. */
  historyOf(key: string): { readonly type: string; readonly timeMs: number }[] {
    const { histories, types } = this;
    const slot = histories.find(key);
    if (slot === undefined) return [];
    const first = slot * ORDERS_MAX;
    return Array.from({ length: histories.lengths[slot]! }, (_, i) => ({
      type: types.nameOf(histories.types[first + i]!) ?? '',
      timeMs: histories.times[first + i]!,
    }));
  }

  /** Events were lost: no context spans them. What was learned stays. */
  forgetHistories(): void {
    this.histories.forget();
  }

  write(out: ByteWriter): void {
    for (const part of this.parts()) part.write(out);
    writeNumbers(out, this.shares);
  }

  /** REQUIRES that nothing was learned yet. @throws InvariantViolation for a state of other sizes */
  read(input: ByteReader): void {
    for (const part of this.parts()) part.read(input);
    readNumbers(input, this.shares);
  }

  /** 0 for a type that is no candidate */
  private probabilityAt(place: number): number {
    return place < this.evidence.candidateCount ? this.probabilities[place]! : 0;
  }

  /** A long context is kept where the shorter one leaves a choice; which saves most contexts of a log that repeats itself. */
  private isWorthwhile(kind: number): boolean {
    const parent = this.kinds[kind]!.parent;
    if (parent < EAGER_ORDERS) return true;
    const slot = this.evidence.slots[parent]!;
    return slot >= 0 && this.tables[parent]!.sizeOf(slot) > 1;
  }

  private parts() {
    return [this.types, this.histories, ...this.stores, ...this.mixers, this.calibration, this.tieBreak];
  }

  private moveShares(target: number): void {
    const { shares, mixers } = this;
    let total = 0;
    for (let s = 0; s < shares.length; s++)
      total += shares[s]! *= Math.max(mixers[s]!.probabilities[target]!, LIKELIHOOD_MIN) ** SHARE_RATE;
    for (let s = 0; s < shares.length; s++)
      shares[s] = SHARE_MIN + (1 - SHARE_MIN * shares.length) * (shares[s]! / total);
  }
}
