/**
 * The forecast of each shardlet of the demo, by the models that serve every stream (`auto`), on the grid of five minutes.
 * They are fitted once on the history, and asked again after each step with what was measured since.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  AUTO_MODELS,
  forecastFrom,
  quantileOf,
  type Selection,
  select,
} from '@foreshard/core/forecast-models';
import { RESOLUTIONS, withSeasons } from '@foreshard/core/forecast-service';

const { horizon: HORIZON, stepMs: STEP_MS } = RESOLUTIONS['5m'];
export const LEVELS = [0.1, 0.5, 0.9] as const;

/** By level, then by step ahead. */
export type Quantiles = Readonly<Record<(typeof LEVELS)[number], Float64Array>>;

export class Foresight {
  private readonly history: readonly Float64Array[];
  private readonly selections: Selection[] = [];

  constructor(history: readonly Float64Array[]) {
    this.history = history;
  }

  /** Between two shardlets others of this process have their turn. */
  async learn(signal: AbortSignal): Promise<void> {
    for (const values of this.history) {
      signal.throwIfAborted();
      const series = withSeasons({ values, stepSeconds: STEP_MS / 1_000, seasons: [], firstMs: 0 });
      this.selections.push(select(AUTO_MODELS, series, HORIZON));
      await nextTurn();
    }
  }

  /** `measured`: of each shardlet, since the history. The cutover of a move waits for no more than one of them. */
  async ahead(measured: readonly (readonly number[])[]): Promise<Quantiles[]> {
    const all: Quantiles[] = [];
    for (const [i, selection] of this.selections.entries()) {
      all.push(quantilesOf(selection, Float64Array.from([...this.history[i]!, ...measured[i]!])));
      await nextTurn();
    }
    return all;
  }
}

function quantilesOf(selection: Selection, known: Float64Array): Quantiles {
  const forecast = forecastFrom(selection, known, HORIZON);
  const of = (level: number) => quantileOf(selection, forecast, level).map((value) => Math.max(0, value));
  return { 0.1: of(0.1), 0.5: of(0.5), 0.9: of(0.9) };
}
