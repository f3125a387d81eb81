/** What is expected to arrive in a stream: what was forecast, else what arrived in the last minutes. */
import type { Arrivals } from '../../consuming/index.ts';
import { type ForecastStore, LEVELS } from '../../forecast-service/index.ts';
import { MINUTE_MS, type TelemetryStore } from '../../telemetry/index.ts';

interface ArrivalSources {
  readonly telemetry: Pick<TelemetryStore, 'series'>;
  readonly forecasts: Pick<ForecastStore, 'forecastOf'>;
}

/** As far as the finest forecast reaches. */
const HORIZON_MS = 120 * MINUTE_MS;
/** The minute that runs now, and the one before it, may not be complete. */
const MEASURED_MINUTES = 5;
const INCOMPLETE_MINUTES = 2;

/** Undefined: nothing is known of the stream yet. @throws DatabaseUnreachable */
export async function arrivalsOf(
  { telemetry, forecasts }: ArrivalSources,
  streamId: number,
  nowMs: number,
): Promise<Arrivals | undefined> {
  const scope = { kind: 'stream', streamId } as const;
  const forecast = await forecasts.forecastOf({ scope, horizonMs: HORIZON_MS });
  if (forecast !== undefined) {
    const { fromMs, stepMs, point, quantiles } = forecast;
    const passed = Math.max(0, Math.floor((nowMs - fromMs) / stepMs));
    const perSecondOf = (events: Iterable<number>) =>
      Array.from(events, (one) => (one * 1_000) / stepMs).slice(passed);
    const perSecond = perSecondOf(point);
    const p90PerSecond = perSecondOf(quantiles[LEVELS.indexOf(0.9)]!);
    // the last one reaches to the end of what was forecast, however old that is
    if (perSecond.length > 0) return { from: 'forecast', stepMs, perSecond, p90PerSecond };
  }
  const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - (INCOMPLETE_MINUTES - 1) * MINUTE_MS;
  const fromMs = toMs - MEASURED_MINUTES * MINUTE_MS;
  const { values } = await telemetry.series({ scope, metric: 'events', fromMs, toMs, step: 'minute' });
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  if (known.length === 0) return undefined;
  const rate = known.reduce((sum, value) => sum + value, 0) / known.length / 60;
  return { from: 'measured', stepMs: HORIZON_MS / 24, perSecond: Array.from({ length: 24 }, () => rate) };
}
