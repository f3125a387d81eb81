/** A planted model that answers nonsense. */
import type { Forecaster } from '@foreshard/core/forecast-models';

export const forecaster: Forecaster = {
  name: 'planted-nan',
  cost: 'cheap',
  shortest: () => 1,
  fit: () => ({
    parameters: {},
    forecast: (_, horizon) => ({
      point: new Float64Array(horizon).fill(Number.NaN),
      spread: new Float64Array(horizon),
    }),
  }),
};
