import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { commonShape } from './calibration.ts';
import { type CalibrationState, OnlineCalibration } from './online-calibration.ts';

const LEVELS = [0.1, 0.5, 0.9, 0.95];
const HORIZON = 24;
/** of a far band, where a quantile is moved least */
const AHEAD = 20;
const forecast = { point: new Float64Array(HORIZON), spread: new Float64Array(HORIZON).fill(1) };
const table = { at: commonShape };

function upperOf(calibration: OnlineCalibration): number {
  return calibration.quantiles(forecast, table, AHEAD)[2]!;
}

/** Tells the calibration so many errors; returns the share of them that stayed below the 90 % quantile. */
function covered(calibration: OnlineCalibration, count: number, error: () => number): number {
  let below = 0;
  for (let i = 0; i < count; i++) {
    const truth = error();
    if (truth <= upperOf(calibration)) below++;
    calibration.observe(truth, forecast, table, AHEAD);
  }
  return below / count;
}

function calmErrors() {
  const random = seededRandom(11);
  return () => commonShape(0.0005 + 0.999 * random.next());
}

function settledCalibration(usual: () => number): OnlineCalibration {
  const calibration = new OnlineCalibration(HORIZON, LEVELS);
  covered(calibration, 2_000, usual);
  return calibration;
}

/** A settled calibration after a while of large errors: where its upper quantile was, and how far it has risen. */
function disturbed() {
  const usual = calmErrors();
  const calibration = settledCalibration(usual);
  const before = upperOf(calibration);
  covered(calibration, 200, () => 4 * Math.abs(usual()));
  return { calibration, usual, before, risen: upperOf(calibration) - before };
}

describe('the calibration in service', () => {
  it.each([0.4, 1, 3])(
    'covers what was asked for where errors are %d times as large as expected',
    (times) => {
      const usual = calmErrors();
      const calibration = settledCalibration(() => times * usual());
      expect(Math.abs(covered(calibration, 4_000, () => times * usual()) - 0.9)).toBeLessThan(0.02);
    },
  );

  it('is wider while errors are large, and soon again where it was', () => {
    const { calibration, usual, before, risen } = disturbed();
    expect(risen).toBeGreaterThan(1);
    covered(calibration, 400, usual);
    expect(upperOf(calibration) - before).toBeLessThan(0.35 * risen);
  });

  it('forgets what a change of level has taught once it is known', () => {
    const { calibration, before, risen } = disturbed();
    calibration.settle();
    expect(Math.abs(upperOf(calibration) - before)).toBeLessThan(0.2 * risen);
  });

  it('goes on over a restart as if there had been none', () => {
    const usual = calmErrors();
    const calibration = settledCalibration(usual);
    covered(calibration, 50, () => 5);
    const again = new OnlineCalibration(
      HORIZON,
      LEVELS,
      JSON.parse(JSON.stringify(calibration.state)) as CalibrationState,
    );
    for (const one of [calibration, again]) {
      covered(one, 50, () => 1);
      one.settle();
    }
    expect(again.state).toEqual(calibration.state);
  });

  it('keeps what an earlier version knew, which did not tell where that settles', () => {
    const calibration = settledCalibration(() => 4);
    const earlier = calibration.state.map(({ size, corrections }) => ({ size, corrections }));
    const later = new OnlineCalibration(HORIZON, LEVELS, earlier);
    later.settle();
    expect(upperOf(later)).toBe(upperOf(calibration));
  });
});
