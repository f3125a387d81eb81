/** A planted model that never comes back, and cannot be asked to. */
import type { Forecaster } from '@foreshard/core/forecast-models';

export const forecaster: Forecaster = {
  name: 'planted-hang',
  cost: 'cheap',
  shortest: () => 1,
  fit: () => {
    for (;;);
  },
};
