import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  drawnToUsual,
  FIRST_FORECAST_TRUST,
  type ForecastTrust,
  learnStep,
  usualShare,
} from './forecast-trust.ts';

const STEP_MS = 300_000;
const DAY_STEPS = 288;

function learned(
  steps: number,
  step: (index: number) => { events: number; forecastEvents: number },
  from = FIRST_FORECAST_TRUST,
): ForecastTrust {
  let trust = from;
  for (let index = 0; index < steps; index++) trust = learnStep(trust, { stepMs: STEP_MS, ...step(index) });
  return trust;
}

function wave(index: number): number {
  return 1_000 * (1.1 + Math.sin((2 * Math.PI * index) / DAY_STEPS));
}

/** A burst every now and then, without a pattern that a season could show. */
function burst(index: number): number {
  return (index * 2_654_435_761) % 97 < 12 ? 5_000 : 400;
}

it('trusts forecasts that hold', () => {
  const trust = learned(7 * DAY_STEPS, (i) => ({ events: wave(i), forecastEvents: wave(i) }));
  expect(usualShare(trust)).toBeLessThan(0.01);
  expect(drawnToUsual(trust, 5_000, STEP_MS)).toBeCloseTo(5_000, -2);
});

it('trusts forecasts that are off by a constant factor: a threshold absorbs it', () => {
  const trust = learned(7 * DAY_STEPS, (i) => ({ events: wave(i), forecastEvents: 3 * wave(i) }));
  expect(usualShare(trust)).toBeLessThan(0.05);
});

it('goes by the usual rate where forecasts say nothing', () => {
  const trust = learned(7 * DAY_STEPS, (i) => ({ events: burst(i), forecastEvents: burst(i + 31) }));
  expect(usualShare(trust)).toBeGreaterThan(0.9);
  const usual = (trust.usualPerSecond * STEP_MS) / 1_000;
  expect(drawnToUsual(trust, 50, STEP_MS) / usual).toBeGreaterThan(0.7);
});

it('trusts forecasts again within two weeks of their getting better', () => {
  const bad = learned(7 * DAY_STEPS, (i) => ({ events: wave(i), forecastEvents: burst(i) }));
  expect(usualShare(bad)).toBeGreaterThan(0.5);
  const good = learned(14 * DAY_STEPS, (i) => ({ events: wave(i), forecastEvents: wave(i) }), bad);
  expect(usualShare(good)).toBeLessThan(0.4 * usualShare(bad));
});

it('knows the usual rate as the mean of about a day', () => {
  const trust = learned(3 * DAY_STEPS, () => ({ events: 600, forecastEvents: 600 }));
  expect(trust.usualPerSecond).toBeCloseTo(2, 9);
  const later = learned(DAY_STEPS, () => ({ events: 6_000, forecastEvents: 600 }), trust);
  expect(later.usualPerSecond).toBeGreaterThan(2 + 18 * 0.55);
  expect(later.usualPerSecond).toBeLessThan(2 + 18 * 0.7);
});

it('leaves a forecast alone before the first step', () => {
  expect(drawnToUsual(FIRST_FORECAST_TRUST, 42, STEP_MS)).toBe(42);
});

it('keeps the result between forecast and usual rate, whatever came', () => {
  const step = fc.record({ events: fc.nat(1e6), forecastEvents: fc.integer({ min: -1_000, max: 1e6 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), fc.nat(1e6), (steps, forecastEvents) => {
      const trust = learned(steps.length, (i) => steps[i]!);
      const share = usualShare(trust);
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
      const usual = (trust.usualPerSecond * STEP_MS) / 1_000;
      const drawn = drawnToUsual(trust, forecastEvents, STEP_MS);
      expect(drawn).toBeGreaterThanOrEqual(Math.min(usual, forecastEvents) * (1 - 1e-9));
      expect(drawn).toBeLessThanOrEqual(Math.max(usual, forecastEvents) * (1 + 1e-9));
    }),
  );
});
