/**
 * How often events of each type come: a Kalman filter of a level that wanders, over counts of intervals. The level wanders by a
 * share of itself, and a count scatters as a Poisson count does, so a frequent type is followed fast and a rare one slowly.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { checkSize, readNumbers, writeNumbers } from './snapshot.ts';

/** of the level, from one interval to the next */
const WANDERS = 0.1;
const VARIANCE_MIN = 0.01;
const MEASURED_MIN = 0.5;
/** after so many empty intervals nothing is left of a level */
const EMPTY_MAX = 200;

export interface Rate {
  readonly perSecond: number;
  readonly deviation: number;
}

export class TypeRates {
  private readonly intervalMs: number;
  private readonly levels: Float64Array;
  private readonly variances: Float64Array;
  private readonly counts: Float64Array;
  /** the interval that is being counted; 0: none yet */
  private readonly intervals: Float64Array;

  constructor(typesMax: number, intervalMs: number) {
    this.intervalMs = intervalMs;
    this.levels = new Float64Array(typesMax);
    this.variances = new Float64Array(typesMax);
    this.counts = new Float64Array(typesMax);
    this.intervals = new Float64Array(typesMax);
  }

  observe(type: number, timeMs: number): void {
    const interval = Math.floor(timeMs / this.intervalMs);
    if (this.intervals[type] === 0) this.start(type, interval);
    else this.finishUntil(type, interval);
    this.counts[type]! += 1;
  }

  /** By what was finished before `nowMs`; `undefined` before the first interval has ended. */
  rateAt(type: number, nowMs: number): Rate | undefined {
    if (this.intervals[type] === 0) return undefined;
    this.finishUntil(type, Math.floor(nowMs / this.intervalMs));
    if (Number.isNaN(this.levels[type])) return undefined;
    const perSecond = 1_000 / this.intervalMs;
    return {
      perSecond: this.levels[type]! * perSecond,
      deviation: Math.sqrt(this.variances[type]!) * perSecond,
    };
  }

  /** The number of the type belongs to another one now. */
  forget(type: number): void {
    this.intervals[type] = 0;
  }

  write(out: ByteWriter): void {
    out.uint(this.levels.length);
    out.uint(this.intervalMs);
    for (const numbers of [this.levels, this.variances, this.counts, this.intervals])
      writeNumbers(out, numbers);
  }

  read(input: ByteReader): void {
    checkSize(input, this.levels.length, 'number of types');
    checkSize(input, this.intervalMs, 'interval of rates');
    for (const numbers of [this.levels, this.variances, this.counts, this.intervals])
      readNumbers(input, numbers);
  }

  private start(type: number, interval: number): void {
    this.levels[type] = Number.NaN;
    this.counts[type] = 0;
    this.intervals[type] = interval;
  }

  /** An event that comes late counts in the interval that is open. */
  private finishUntil(type: number, interval: number): void {
    const ended = interval - this.intervals[type]!;
    if (ended <= 0) return;
    this.measure(type, this.counts[type]!);
    for (let i = 1; i < Math.min(ended, EMPTY_MAX); i++) this.measure(type, 0);
    this.counts[type] = 0;
    this.intervals[type] = interval;
  }

  private measure(type: number, count: number): void {
    const level = this.levels[type]!;
    if (Number.isNaN(level)) {
      this.levels[type] = count;
      this.variances[type] = Math.max(count, MEASURED_MIN);
      return;
    }
    const before = this.variances[type]! + (WANDERS * level) ** 2 + VARIANCE_MIN;
    const gain = before / (before + Math.max(level, MEASURED_MIN));
    this.levels[type] = level + gain * (count - level);
    this.variances[type] = before * (1 - gain);
  }
}
