/**
 * Forecasts one stream at one resolution, tick after tick. Models are fitted anew from time to time and asked in
 * between. The whole is forecast by the champion; every shardlet gets its share of it; the heaviest have models
 * of their own as well, a few of which are fitted in each tick, so that a tick stays short.
 */
import {
  detectSeasons,
  type Forecast,
  type Forecaster,
  forecastFrom,
  mixed,
  normalisedShares,
  partOf,
  Quantiles,
  type Selection,
  type Series,
  select,
  shareOf,
  type Unfit,
} from '../forecast-models/index.ts';
import { type CalibrationBook, corrected } from './calibration-book.ts';
import { RESOLUTIONS, type Resolution } from './resolution.ts';
import type { ModelVersion } from './stores.ts';
import { LEVELS, type QuantileTable, type StreamForecast } from './stream-forecast.ts';

type TimedSeries = Series & { readonly firstMs: number };

export interface ShardletLoads {
  readonly id: number;
  /** its part of the stream's positions: where the prior share comes from */
  readonly width: number;
  /** of its range, whoever covered it, aligned with the end of the whole */
  readonly loads: Float64Array;
}

export interface HeavyShardlet {
  readonly id: number;
  readonly series: TimedSeries;
  readonly models: readonly Forecaster[];
}

export interface PredictionInput {
  readonly originMs: number;
  /** ends where the first step begins */
  readonly total: TimedSeries;
  readonly shardlets: readonly ShardletLoads[];
  /** long series of the heaviest */
  readonly heavy: readonly HeavyShardlet[];
  /** all that may be heard, by name */
  readonly models: readonly Forecaster[];
  readonly champion: ModelVersion | undefined;
  /** what an expensive champion answered, from the origin on; without it the cheap models serve */
  readonly answer?: Forecast | undefined;
}

/** fitted again after so long; in between the fit is asked with what came in */
export const REFIT_MS: Readonly<Record<Resolution, number>> = { '5m': 1_800_000, '1h': 6 * 3_600_000 };
const OWN_FITS_PER_TICK = 4;
/** steps in which the error of the share is looked at */
const SHARE_STEPS = 48;

interface Fit {
  readonly selection: Selection;
  readonly firstMs: number;
  /** of the series it was cut from */
  readonly seriesFirstMs: number;
  readonly atMs: number;
  readonly version: number | null;
}

/** The whole of the stream. */
interface Served {
  readonly model: string;
  readonly total: Forecast;
  readonly quantiles: Quantiles;
  /** mean absolute error where it was tried */
  readonly error: number;
  readonly unfit: readonly Unfit[];
}

export class StreamPredictor {
  private readonly streamId: number;
  private readonly resolution: Resolution;
  private fit: Fit | undefined;
  private readonly own = new Map<number, Fit>();

  constructor(streamId: number, resolution: Resolution) {
    this.streamId = streamId;
    this.resolution = resolution;
  }

  predict(input: PredictionInput, book: CalibrationBook): StreamForecast {
    const { champion, originMs } = input;
    const served = this.served(input);
    const { total } = served;
    if (total.levelAge !== undefined)
      book.followLevel(originMs - total.levelAge * RESOLUTIONS[this.resolution].stepMs, originMs);
    const shares = sharesOf(input);
    const base = { total: tableOf(served.quantiles, total), parts: tableOf(served.quantiles, total) };
    return {
      streamId: this.streamId,
      resolution: this.resolution,
      originMs,
      model: served.model,
      version: champion?.id ?? null,
      known: knownSteps(input.total.values),
      total,
      base,
      calibrated: {
        total: corrected(base.total, book.total),
        parts: corrected(base.parts, book.parts),
      },
      shares,
      own: this.ownForecasts(input, served, shares),
      unfit: served.unfit,
    };
  }

  /** By the answer of an expensive champion, else by models that are fitted here. */
  private served({ originMs, total, models, champion, answer }: PredictionInput): Served {
    if (champion !== undefined && answer !== undefined) {
      const quantiles = new Quantiles(answer.point.length, { origins: [] });
      return { model: champion.name, total: answer, quantiles, error: champion.mae, unfit: [] };
    }
    const version = champion?.id ?? null;
    if (this.isStale(this.fit, total, originMs, version))
      this.fit = this.fitTo(total, heardBy(champion, models), originMs, version);
    const { selection } = this.fit!;
    return {
      model: selection.name,
      total: this.ask(this.fit!, total),
      quantiles: selection.quantiles,
      error: leastError(selection),
      unfit: selection.unfit,
    };
  }

  /** Also when the past has grown at its beginning: history was imported. */
  private isStale(fit: Fit | undefined, series: TimedSeries, nowMs: number, version: number | null): boolean {
    return (
      fit === undefined ||
      fit.version !== version ||
      nowMs - fit.atMs >= REFIT_MS[this.resolution] ||
      fit.firstMs < series.firstMs ||
      fit.seriesFirstMs > series.firstMs
    );
  }

  /** The series may begin earlier than what is fitted, so that it still begins early enough at the next ticks. */
  private fitTo(
    series: TimedSeries,
    models: readonly Forecaster[],
    atMs: number,
    version: number | null,
  ): Fit {
    const { horizon, stepMs, pastMs } = RESOLUTIONS[this.resolution];
    const skipped = Math.max(0, series.values.length - pastMs / stepMs);
    const firstMs = series.firstMs + skipped * stepMs;
    const fitted = withSeasons({ ...series, values: series.values.subarray(skipped), firstMs });
    return {
      selection: select(models, fitted, horizon),
      firstMs,
      seriesFirstMs: series.firstMs,
      atMs,
      version,
    };
  }

  /** A history has to begin where the one of the fit began. */
  private ask({ selection, firstMs }: Fit, series: TimedSeries): Forecast {
    const skipped = Math.round((firstMs - series.firstMs) / RESOLUTIONS[this.resolution].stepMs);
    return forecastFrom(selection, series.values.subarray(skipped), RESOLUTIONS[this.resolution].horizon);
  }

  private ownForecasts(
    { heavy, originMs, shardlets, total: whole }: PredictionInput,
    { total, error }: Served,
    shares: ReadonlyMap<number, number>,
  ): Map<number, Forecast> {
    const forecasts = new Map<number, Forecast>();
    const loadsOf = new Map(shardlets.map(({ id, loads }) => [id, loads]));
    let fits = 0;
    for (const { id, series, models } of heavy) {
      if (this.isStale(this.own.get(id), series, originMs, null) && fits < OWN_FITS_PER_TICK) {
        this.own.set(id, this.fitTo(series, models, originMs, null));
        fits++;
      }
      const fit = this.own.get(id);
      const share = shares.get(id);
      const loads = loadsOf.get(id);
      if (fit === undefined || fit.firstMs < series.firstMs || share === undefined || loads === undefined)
        continue;
      const partError = errorOfShare(loads, whole.values, share) + share * error;
      const own = this.ask(fit, series);
      forecasts.set(id, mixed(own, partOf(total, share), leastError(fit.selection), partError));
    }
    for (const id of this.own.keys()) if (!heavy.some((one) => one.id === id)) this.own.delete(id);
    return forecasts;
  }
}

export function knownSteps(values: Float64Array): number {
  return values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
}

/** The models a version hears; all of them when none of its own are there any more. */
export function heardBy(
  version: ModelVersion | undefined,
  models: readonly Forecaster[],
): readonly Forecaster[] {
  const heard = version === undefined ? [] : models.filter(({ name }) => version.members.includes(name));
  return heard.length > 0 ? heard : models;
}

export function withSeasons<S extends Series>(series: S): S {
  const seasons = detectSeasons(series.values, series.stepSeconds).map(({ steps }) => steps);
  return { ...series, seasons };
}

function sharesOf({ shardlets, total }: PredictionInput): Map<number, number> {
  const raw = shardlets.map(({ loads, width }) => shareOf({ loads, priorShare: width }, total.values));
  const shares = normalisedShares(raw);
  return new Map(shardlets.map(({ id }, i) => [id, shares[i]!]));
}

function tableOf(quantiles: Quantiles, { point }: Forecast): QuantileTable {
  return Array.from(point, (_, h) => Float64Array.from(LEVELS, (level) => quantiles.at(level, h + 1)));
}

function errorOfShare(loads: Float64Array, whole: Float64Array, share: number): number {
  let [sum, count] = [0, 0];
  for (let back = 1; back <= Math.min(SHARE_STEPS, loads.length, whole.length); back++) {
    const miss = Math.abs(loads[loads.length - back]! - share * whole[whole.length - back]!);
    if (Number.isNaN(miss)) continue;
    sum += miss;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

function leastError({ trialErrors }: Selection): number {
  const errors = Object.values(trialErrors).filter((error) => Number.isFinite(error));
  return errors.length === 0 ? 0 : Math.min(...errors);
}
