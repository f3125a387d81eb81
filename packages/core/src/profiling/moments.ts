/**
 * Mean, deviation and skewness in one pass, mergeable without loss: the update and pairwise formulas of
 * Pébay (Sandia report SAND2008-6212, 2008), which stay exact where sums of powers cancel out.
 */
import type { ByteReader, ByteWriter } from '../telemetry/index.ts';

const DOUBLES = 5;

export class Moments {
  count = 0;
  mean = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** sums of the second and third powers of the distances from the mean */
  private m2 = 0;
  private m3 = 0;

  add(value: number): void {
    const n = ++this.count;
    const delta = value - this.mean;
    const share = delta / n;
    const term = delta * share * (n - 1);
    this.mean += share;
    this.m3 += term * share * (n - 2) - 3 * share * this.m2;
    this.m2 += term;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  merge(other: Moments): void {
    if (other.count === 0) return;
    const [a, b] = [this.count, other.count];
    const n = a + b;
    const delta = other.mean - this.mean;
    const cubic = (delta ** 3 * a * b * (a - b)) / (n * n);
    this.m3 += other.m3 + cubic + (3 * delta * (a * other.m2 - b * this.m2)) / n;
    this.m2 += other.m2 + (delta * delta * a * b) / n;
    this.mean += (delta * b) / n;
    this.count = n;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** of the population; 0 while there are fewer than two values */
  get deviation(): number {
    return this.count < 2 ? 0 : Math.sqrt(this.m2 / this.count);
  }

  /** 0 for what is symmetric, above 0 where few values are much larger than the rest */
  get skewness(): number {
    return this.m2 === 0 ? 0 : (Math.sqrt(this.count) * this.m3) / this.m2 ** 1.5;
  }

  write(out: ByteWriter): void {
    out.uint(this.count);
    if (this.count > 0)
      out.raw(new Uint8Array(new Float64Array([this.mean, this.m2, this.m3, this.min, this.max]).buffer));
  }

  static read(input: ByteReader): Moments {
    const moments = new Moments();
    moments.count = input.uint();
    if (moments.count === 0) return moments;
    // a copy, as doubles have to begin at a multiple of eight; slice() of a Buffer would be none
    const doubles = new Float64Array(new Uint8Array(input.raw(DOUBLES * 8)).buffer);
    [moments.mean, moments.m2, moments.m3, moments.min, moments.max] = doubles as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    return moments;
  }
}
