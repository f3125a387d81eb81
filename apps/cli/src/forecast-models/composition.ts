/** The expensive models the commands may be asked for by name; loaded only then. */
import type { RemoteForecaster } from '@foreshard/core/forecast-models';

export interface ExpensiveModels {
  readonly names: readonly string[];
  readonly limitMs: number;
  open(name: string): (RemoteForecaster & { close(): Promise<void> }) | undefined;
}

export async function expensiveModels(): Promise<ExpensiveModels> {
  const { EXPENSIVE_MODEL_NAMES, expensiveModel, MODEL_LIMIT_MS } = await import(
    '@foreshard/core/adapters/models'
  );
  return {
    names: EXPENSIVE_MODEL_NAMES,
    limitMs: MODEL_LIMIT_MS,
    open: (name) => {
      const known = EXPENSIVE_MODEL_NAMES.find((one) => one === name);
      return known === undefined ? undefined : expensiveModel(known);
    },
  };
}
