import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { Moments } from './moments.ts';

function of(values: readonly number[]): Moments {
  const moments = new Moments();
  for (const value of values) moments.add(value);
  return moments;
}

/** By the definition, in two passes. */
function exact(values: readonly number[]) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const power = (p: number) => values.reduce((sum, v) => sum + (v - mean) ** p, 0) / values.length;
  const deviation = Math.sqrt(power(2));
  return { mean, deviation, skewness: deviation === 0 ? 0 : power(3) / deviation ** 3 };
}

const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 2, maxLength: 60 });

test('one pass tells what the definition tells', () => {
  fc.assert(
    fc.property(values, (list) => {
      const [found, wanted] = [of(list), exact(list)];
      expect(found.mean).toBeCloseTo(wanted.mean, 6);
      expect(found.deviation).toBeCloseTo(wanted.deviation, 6);
      expect(found.skewness).toBeCloseTo(wanted.skewness, 5);
    }),
  );
});

test('merged parts are the same as the whole', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const [merged, whole] = [of(a), of([...a, ...b])];
      merged.merge(of(b));
      expect(merged.deviation).toBeCloseTo(whole.deviation, 6);
      expect(merged.skewness).toBeCloseTo(whole.skewness, 5);
      expect([merged.count, merged.min, merged.max]).toEqual([whole.count, whole.min, whole.max]);
    }),
  );
});

test('a small spread far from zero is not lost', () => {
  expect(of([1e9, 1e9 + 1, 1e9 + 2]).deviation).toBeCloseTo(Math.sqrt(2 / 3), 9);
});

test('bytes keep every bit', () => {
  const out = new ByteWriter();
  const moments = of([1, 2.5, 1e-9]);
  moments.write(out);
  new Moments().write(out);
  // as it comes from a network: a view into something larger
  const input = new ByteReader(Buffer.concat([Buffer.alloc(3), out.finish()]).subarray(3));
  expect(Moments.read(input)).toEqual(moments);
  expect(Moments.read(input).count).toBe(0);
});
