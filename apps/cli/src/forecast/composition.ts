/** The dear models the commands may be asked for by name; loaded only then. */
import type { RemoteForecaster } from '@foreshard/core/forecasting';

export interface DearModels {
  readonly names: readonly string[];
  readonly limitMs: number;
  open(name: string): (RemoteForecaster & { close(): Promise<void> }) | undefined;
}

export async function dearModels(): Promise<DearModels> {
  const { DEAR_MODEL_NAMES, dearModel, MODEL_LIMIT_MS } = await import('@foreshard/core/adapters/models');
  return {
    names: DEAR_MODEL_NAMES,
    limitMs: MODEL_LIMIT_MS,
    open: (name) => {
      const known = DEAR_MODEL_NAMES.find((one) => one === name);
      return known === undefined ? undefined : dearModel(known);
    },
  };
}
