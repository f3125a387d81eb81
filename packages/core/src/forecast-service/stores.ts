/** What is kept of forecasts and of the models that make them. */
import type { Resolution } from './resolution.ts';
import type { StreamForecast, WholeForecast } from './stream-forecast.ts';

export interface ForecastRecords {
  /** Replaces the one of the same origin: more may have become known. */
  add(forecast: StreamForecast): Promise<void>;
  latest(streamId: number, resolution: Resolution): Promise<StreamForecast | undefined>;
  /** Those whose origin lies in [fromMs, toMs), in order. */
  between(streamId: number, resolution: Resolution, fromMs: number, toMs: number): Promise<StreamForecast[]>;
  /** The same without the shares of shardlets, which are most of what is kept. */
  wholesBetween(
    streamId: number,
    resolution: Resolution,
    fromMs: number,
    toMs: number,
  ): Promise<WholeForecast[]>;
  forget(resolution: Resolution, beforeMs: number): Promise<number>;
  state(streamId: number, resolution: Resolution): Promise<string | undefined>;
  setState(streamId: number, resolution: Resolution, state: string): Promise<void>;
}

export interface Measured {
  readonly mae: number;
  readonly rmse: number;
  /** over the error of the seasonal naive method in the training part */
  readonly mase: number;
  readonly wape: number;
  /** mean over the levels .1, .5, .9, .95 */
  readonly pinball: number;
  /** share of measurements at or below the 90 % quantile */
  readonly coverage: number;
  readonly fitMs: number;
  readonly origins: number;
  /** of the seasonal naive method at the same origins */
  readonly naiveMae: number;
}

export interface ModelVersion extends Measured {
  readonly id: number;
  readonly streamId: number;
  readonly resolution: Resolution;
  readonly name: string;
  /** names of the models it hears; the weights are chosen anew at each fit */
  readonly members: readonly string[];
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly run: number;
  readonly createdMs: number;
}

export interface Promotion {
  readonly version: number;
  readonly previous: number | null;
  readonly atMs: number;
  readonly actor: string;
  readonly reason: string;
}

export interface TrainingRun {
  readonly id: number;
  readonly streamId: number | null;
  readonly reason: string;
  readonly actor: string;
  readonly state: 'running' | 'finished' | 'failed';
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly detail: string;
  readonly log: string;
}

export interface ModelRegistry {
  /** Newest first. */
  versions(streamId: number, resolution: Resolution, count: number): Promise<ModelVersion[]>;
  version(id: number): Promise<ModelVersion | undefined>;
  add(version: Omit<ModelVersion, 'id'>): Promise<number>;
  champion(streamId: number, resolution: Resolution): Promise<ModelVersion | undefined>;
  promotions(streamId: number, resolution: Resolution, count: number): Promise<Promotion[]>;
  /** `expected`: the champion as it was known; answers false when it is another one meanwhile. */
  promote(
    version: ModelVersion,
    why: { readonly actor: string; readonly reason: string; readonly atMs: number },
    expected?: number | null,
  ): Promise<boolean>;

  /** Undefined while another training runs. */
  start(run: Pick<TrainingRun, 'streamId' | 'reason' | 'actor' | 'startedMs'>): Promise<number | undefined>;
  /** Says that the training goes on, with what it has written since. */
  seen(run: number, atMs: number, log: string): Promise<void>;
  end(run: number, state: 'finished' | 'failed', atMs: number, detail: string): Promise<void>;
  runs(count: number): Promise<TrainingRun[]>;
}

/** A training that said nothing for so long has died with its worker. */
export const TRAINING_SILENT_MS = 30_000;
