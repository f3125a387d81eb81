/**
 * Whether an attribute of the last event says more about the next type than the last type alone: the conditional mutual
 * information I(next; attribute | last), estimated as code length. Each event is predicted from (last) and from (last, attribute)
 * by counts of earlier events only, the second backed by the first; the mean of the log ratio is the information in nats. Unlike the
 * plug-in estimate it does not grow with the number of values.
 *
 * What chance alone makes is measured: values are exchanged among events with the same last type, and the estimate is made
 * again. An attribute counts as informative when it exceeds all of these, and their mean by three deviations.
 */
import type { Random } from '../kernel/index.ts';
import { combined } from './hashing.ts';

const PERMUTATIONS = 19;
/** nineteen draws know little of the tail: their largest is exceeded once in twenty */
const DEVIATIONS = 3;
/** later events are not read: the answer is clear by then */
const EVENTS_MAX = 50_000;

export interface Information {
  /** nats an event */
  readonly information: number;
  /** what chance alone makes: the mean, and what it hardly ever exceeds */
  readonly nullMean: number;
  readonly nullLimit: number;
  readonly isInformative: boolean;
}

export class AttributeInformation {
  private readonly last: number[] = [];
  private readonly values: number[] = [];
  private readonly next: number[] = [];

  /** `value`: a hash of the attribute of the event before `next`. */
  add(last: number, value: number, next: number): void {
    if (this.next.length >= EVENTS_MAX) return;
    this.last.push(last);
    this.values.push(value);
    this.next.push(next);
  }

  measure(random: Random): Information {
    const information = this.gain(this.values);
    const nulls = Array.from({ length: PERMUTATIONS }, () => this.gain(this.permuted(random)));
    const nullMax = Math.max(...nulls);
    const nullMean = nulls.reduce((sum, one) => sum + one, 0) / PERMUTATIONS;
    const variance = nulls.reduce((sum, one) => sum + (one - nullMean) ** 2, 0) / (PERMUTATIONS - 1);
    const nullLimit = Math.max(nullMax, nullMean + DEVIATIONS * Math.sqrt(variance));
    return { information, nullMean, nullLimit, isInformative: information > nullLimit };
  }

  private gain(values: readonly number[]): number {
    const plain = new Counts();
    const refined = new Counts();
    const types = new Set<number>();
    let sum = 0;
    for (let i = 0; i < this.next.length; i++) {
      const next = this.next[i]!;
      const last = this.last[i]!;
      const context = combined(last, values[i]!);
      types.add(next);
      const before = plain.share(last, next, 1 / types.size);
      sum += Math.log(refined.share(context, next, before) / before);
      plain.count(last, next);
      refined.count(context, next);
    }
    return this.next.length === 0 ? 0 : sum / this.next.length;
  }

  /** Fisher and Yates, within each group of events with the same last type. */
  private permuted(random: Random): number[] {
    const values = [...this.values];
    const groups = new Map<number, number[]>();
    for (const [i, last] of this.last.entries()) {
      const group = groups.get(last);
      if (group === undefined) groups.set(last, [i]);
      else group.push(i);
    }
    for (const group of groups.values())
      for (let i = group.length - 1; i > 0; i--) {
        const [a, b] = [group[i]!, group[Math.floor(random.next() * (i + 1))]!];
        [values[a], values[b]] = [values[b]!, values[a]!];
      }
    return values;
  }
}

/** Counts by context, backed by another distribution in proportion to the types seen there (Witten, Bell 1991). */
class Counts {
  private readonly totals = new Map<number, number>();
  private readonly distinct = new Map<number, number>();
  private readonly pairs = new Map<number, number>();

  share(context: number, next: number, backing: number): number {
    const total = this.totals.get(context) ?? 0;
    const reserve = (this.distinct.get(context) ?? 0) + 1;
    return ((this.pairs.get(combined(context, next)) ?? 0) + reserve * backing) / (total + reserve);
  }

  count(context: number, next: number): void {
    const pair = combined(context, next);
    const before = this.pairs.get(pair) ?? 0;
    if (before === 0) this.distinct.set(context, (this.distinct.get(context) ?? 0) + 1);
    this.totals.set(context, (this.totals.get(context) ?? 0) + 1);
    this.pairs.set(pair, before + 1);
  }
}
