import { expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { AUTO_MODELS } from './models.ts';
import { transformFor } from './transform.ts';

it.each(['raw', 'root', 'log'] as const)('what is missing stays missing on the scale %s', (scale) => {
  const { forward, back } = transformFor(scale, Float64Array.of(4, Number.NaN, 0, 9))!;
  expect([...back(forward(Float64Array.of(9, Number.NaN)))].map((value) => Math.round(value))).toEqual([
    9,
    Number.NaN,
  ]);
});

const random = seededRandom(3);
const usual = (t: number) => 20_000 + 9_000 * Math.sin((t / 24) * 2 * Math.PI) + (t % 168 < 48 ? 4_000 : 0);
const whole = Float64Array.from({ length: 42 * 24 }, (_, t) => usual(t) + 900 * (random.next() - 0.5));

it.each(AUTO_MODELS.filter(({ name }) => !['naive', 'kalman'].includes(name)))(
  'an outage of two days, a week ago, is nothing that $name learns',
  (model) => {
    const masked = whole.slice().fill(Number.NaN, 35 * 24, 37 * 24);
    const worst = (values: Float64Array) => {
      const series = { values, stepSeconds: 3_600, seasons: [24, 168] };
      const { point } = model.fit(series, 24).forecast(values, 24);
      return Math.max(...point.map((value, h) => Math.abs(value - usual(whole.length + h))));
    };
    expect(worst(masked)).toBeLessThan(Math.max(5_000, 1.5 * worst(whole)));
  },
);
