/** A model that says when it begins. */
import type { Forecaster, RemoteForecaster } from '@foreshard/core/forecast-models';

/** the same model again within this time is not said again */
const SAID_FOR_MS = 1_000;

export function watched(model: Forecaster, onStart: (name: string) => void): Forecaster {
  let saidMs = Number.NEGATIVE_INFINITY;
  const say = () => {
    const nowMs = Date.now();
    if (last === model.name && nowMs - saidMs < SAID_FOR_MS) return;
    last = model.name;
    saidMs = nowMs;
    onStart(model.name);
  };
  return {
    name: model.name,
    cost: model.cost,
    shortest: (series, horizon) => model.shortest(series, horizon),
    fit(series, horizon) {
      say();
      const fitted = model.fit(series, horizon);
      return {
        parameters: fitted.parameters,
        forecast(history, steps) {
          say();
          const forecast = fitted.forecast(history, steps);
          if (!forecast.spread.every((value) => Number.isFinite(value)))
            throw new Error('answered a spread that is no number');
          return forecast;
        },
      };
    },
  };
}

/** Before each of its answers; what it does in its thread meanwhile is ended there. */
export function watchedExpensive(model: RemoteForecaster, onStart: (name: string) => void): RemoteForecaster {
  return {
    name: model.name,
    cost: model.cost,
    shortest: (series, horizon) => model.shortest(series, horizon),
    forecast(series, horizon, limitMs) {
      onStart(model.name);
      return model.forecast(series, horizon, limitMs);
    },
  };
}

/** of all watched models */
let last = '';
