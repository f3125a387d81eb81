/** The cheap models that always take part. Their names are what --model and the model registry know. */
import { analogues } from './analogues.ts';
import type { Forecaster } from './forecaster.ts';
import { hybrid } from './hybrid.ts';
import { kalman } from './kalman.ts';
import { lagRidge } from './lag-ridge.ts';
import { naive, seasonalDay, seasonalWeek } from './naive.ts';
import { periodicRegression } from './periodic-regression.ts';
import { profileAr } from './profile-ar.ts';
import type { Series } from './series.ts';
import { smoothing } from './smoothing.ts';

const day = (series: Series) => series.seasons[0];
const week = (series: Series) => series.seasons[1];

/** As published: seven periods, thirty deviations, least squares on the loads themselves. */
export const sparDay = periodicRegression({
  name: 'spar-day',
  period: day,
  periodsMax: 7,
  deviations: 30,
  scale: 'raw',
  loss: 'squared',
});
export const sparWeek = periodicRegression({
  name: 'spar-week',
  period: week,
  periodsMax: 4,
  deviations: 30,
  scale: 'raw',
  loss: 'squared',
});

/** more deviations than this made forecasts no better in training, and cost by their square */
const DEVIATIONS = 6;
/** With the week's profile two days and three deviations are enough: on the training part of M4 a tenth better. */
const PERIODIC_DAY = {
  period: day,
  periodsMax: 7,
  deviations: DEVIATIONS,
  profiled: { season: week, periodsMax: 2, deviations: 3 },
  loss: 'absolute',
} as const;
const periodicLog = periodicRegression({ ...PERIODIC_DAY, name: 'periodic-log', scale: 'log' });
const periodicRoot = periodicRegression({ ...PERIODIC_DAY, name: 'periodic-root', scale: 'root' });
const periodicRaw = periodicRegression({ ...PERIODIC_DAY, name: 'periodic-raw', scale: 'raw' });
const periodicWeek = periodicRegression({
  name: 'periodic-week',
  period: week,
  periodsMax: 4,
  deviations: DEVIATIONS,
  scale: 'log',
  loss: 'absolute',
});

/** a fit costs the square of the lags times the rows */
const LAG_RIDGE = { lagsMax: 168, rowsMax: 300 } as const;

/** What `auto` tries. */
export const AUTO_MODELS: readonly Forecaster[] = [
  naive,
  seasonalDay,
  seasonalWeek,
  periodicLog,
  periodicRaw,
  periodicWeek,
  profileAr('profile-ar-log', 'log'),
  profileAr('profile-ar', 'raw'),
  analogues('analogues-log', 'log'),
  analogues('analogues', 'raw'),
  lagRidge({ ...LAG_RIDGE, name: 'ridge-log', scale: 'log' }),
  smoothing('smoothing-log', 'log'),
  smoothing('smoothing', 'raw'),
  hybrid,
  kalman,
];

/** All cheap models by name: those of `auto`, and the published ones they are compared with. */
export const CHEAP_MODELS: readonly Forecaster[] = [
  ...AUTO_MODELS,
  sparDay,
  sparWeek,
  periodicRoot,
  lagRidge({ ...LAG_RIDGE, name: 'ridge', scale: 'raw' }),
];
