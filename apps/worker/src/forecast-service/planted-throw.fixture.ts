/** A planted model that fails at its fit. */
import type { Forecaster } from '@foreshard/core/forecast-models';

export const forecaster: Forecaster = {
  name: 'planted-throw',
  cost: 'cheap',
  shortest: () => 1,
  fit: () => {
    throw new Error('the data displease me');
  },
};
