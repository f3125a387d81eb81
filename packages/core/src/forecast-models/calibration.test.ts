import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { commonShape, Quantiles } from './calibration.ts';

const HORIZON = 24;
const ORIGINS = 16;

/** Errors of a trial, over the spread that was expected. */
function trialOf(error: (i: number) => number): Quantiles {
  const origins = Array.from({ length: ORIGINS }, (_, origin) =>
    Float64Array.from({ length: HORIZON }, (_, h) => error(origin * HORIZON + h)),
  );
  return new Quantiles(HORIZON, { origins });
}

describe('the quantiles of a trial', () => {
  it('are those of the common shape, a little wider, where errors are as expected', () => {
    const random = seededRandom(1);
    const quantiles = trialOf(() => commonShape(0.0005 + 0.999 * random.next()));
    for (const level of [0.05, 0.1, 0.9, 0.95])
      expect(quantiles.at(level, 20) / commonShape(level)).toBeGreaterThan(0.9);
    expect(quantiles.at(0.9, 20) / commonShape(0.9)).toBeLessThan(1.3);
  });

  it('are not stretched by a few spikes, but for the tails', () => {
    const calm = trialOf((i) => (i % 2 === 0 ? 1 : -1) * (0.2 + 0.1 * (i % 7)));
    const spiky = trialOf((i) => (i % 25 === 0 ? 60 : (i % 2 === 0 ? 1 : -1) * (0.2 + 0.1 * (i % 7))));
    expect(spiky.at(0.9, 20)).toBeLessThan(1.2 * calm.at(0.9, 20));
    for (const level of [0.025, 0.975]) expect(spiky.at(level, 20) / calm.at(level, 20)).toBeGreaterThan(1.3);
  });

  it('have a width where nearly all errors are nothing', () => {
    const quantiles = trialOf((i) => (i % 20 === 0 ? 10 : 0));
    expect(quantiles.at(0.9, 20)).toBeGreaterThan(0.05);
    expect(quantiles.at(0.1, 20)).toBeLessThan(-0.05);
  });
});
