/**
 * What service has taught since the models were fitted: corrections of the quantiles, of the whole and of shardlets,
 * and how large errors were of late. It is kept between ticks and over restarts as text.
 */
import { type Forecast, OnlineCalibration, partOf } from '../forecast-models/index.ts';
import { RESOLUTIONS, type Resolution } from './resolution.ts';
import { LEVELS, type QuantileTable, type StreamForecast } from './stream-forecast.ts';

/** what drift is judged by */
const ERRORS_KEPT = 48;
/** steps that are needed before a mean of errors says anything */
const ERRORS_MIN = 24;

interface StoredBook {
  readonly observedToMs: number;
  readonly total: OnlineCalibration['state'];
  readonly parts: OnlineCalibration['state'];
  readonly errors: readonly number[];
  readonly levelKnownMs?: number;
}

/** What became known of one step. */
export interface Truth {
  readonly atMs: number;
  readonly total: number;
  /** of a few shardlets */
  readonly shardlets: ReadonlyMap<number, number>;
}

export class CalibrationBook {
  readonly total: OnlineCalibration;
  readonly parts: OnlineCalibration;
  observedToMs: number;
  private readonly errors: number[];
  /** when the last change of level was learned of */
  private levelKnownMs: number;

  constructor(resolution: Resolution, stored: string | undefined) {
    const known = stored === undefined ? undefined : (JSON.parse(stored) as StoredBook);
    const { horizon } = RESOLUTIONS[resolution];
    this.total = new OnlineCalibration(horizon, LEVELS, known?.total);
    this.parts = new OnlineCalibration(horizon, LEVELS, known?.parts);
    this.observedToMs = known?.observedToMs ?? 0;
    this.errors = [...(known?.errors ?? [])];
    this.levelKnownMs = known?.levelKnownMs ?? 0;
  }

  toText(): string {
    const { observedToMs, total, parts, errors, levelKnownMs } = this;
    return JSON.stringify({
      observedToMs,
      total: total.state,
      parts: parts.state,
      errors,
      levelKnownMs,
    } satisfies StoredBook);
  }

  /** Mean absolute error of the last two days; undefined while too little is known. */
  get recentError(): number | undefined {
    if (this.errors.length < ERRORS_MIN) return undefined;
    return this.errors.reduce((sum, error) => sum + error, 0) / this.errors.length;
  }

  /**
   * The forecasts made from now on know of a change of level. Whether it is new is told by when it was learned of: as the
   * past slides on, an old one may seem to have begun some steps earlier or later.
   */
  followLevel(changedAtMs: number, nowMs: number): void {
    if (changedAtMs <= this.levelKnownMs) return;
    this.total.settle();
    this.parts.settle();
    this.levelKnownMs = nowMs;
  }

  /** Compares a step with the forecasts that were made of it. REQUIRES: steps come in order, each once. */
  observe(truth: Truth, earlier: readonly StreamForecast[]): void {
    const misses: number[] = [];
    for (const forecast of earlier) {
      const ahead =
        Math.round((truth.atMs - forecast.originMs) / RESOLUTIONS[forecast.resolution].stepMs) + 1;
      if (ahead < 1 || ahead > forecast.total.point.length) continue;
      if (!Number.isNaN(truth.total)) misses.push(Math.abs(truth.total - forecast.total.point[ahead - 1]!));
      this.total.observe(truth.total, forecast.total, tableOf(forecast.base.total), ahead);
      for (const [id, load] of truth.shardlets) {
        const part = partForecast(forecast, id);
        if (part !== undefined) this.parts.observe(load, part, tableOf(forecast.base.parts), ahead);
      }
    }
    this.observedToMs = truth.atMs + 1;
    if (misses.length === 0) return;
    this.errors.push(misses.reduce((sum, miss) => sum + miss, 0) / misses.length);
    this.errors.splice(0, Math.max(0, this.errors.length - ERRORS_KEPT));
  }
}

export function corrected(base: QuantileTable, calibration: OnlineCalibration): QuantileTable {
  return base.map((row, h) => {
    const corrections = calibration.corrections(h + 1);
    return row.map((z, level) => z + corrections[level]!).sort();
  });
}

function tableOf(table: QuantileTable) {
  return { at: (level: number, ahead: number) => table[ahead - 1]![LEVELS.indexOf(level as never)]! };
}

/** Undefined for a shardlet that was not there when the forecast was made. */
export function partForecast(forecast: StreamForecast, shardlet: number): Forecast | undefined {
  const share = forecast.shares.get(shardlet);
  return forecast.own.get(shardlet) ?? (share === undefined ? undefined : partOf(forecast.total, share));
}
