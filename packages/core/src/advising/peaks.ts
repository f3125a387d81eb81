/**
 * Work for a peak that is still hours away, to be done in the trough before it. A forecast that far ahead is used only
 * where it errs little: elsewhere the peak is left to the plan of its own hour. Only moves are prepared: a split moves
 * no data, so it has nothing to gain from a quiet time.
 */
import {
  type ClusterState,
  compileState,
  documentOf,
  PHASE_ORDER,
  type Policy,
  plan,
  type Recommendation,
} from '../planning/index.ts';
import { OWN_CLUSTER } from './recommendation-log.ts';
import type { ForecastStep } from './state-from-observations.ts';
import { type Terms, termsFor } from './terms.ts';
import { nextWindow } from './windows.ts';

const MINUTE_MS = 60_000;
/** A copy that begins this long before the overload has ended by then. */
const LEAD_MS = 30 * MINUTE_MS;
const STEP_MINUTES = 60;

/** Hours from the end of the near horizon to the end of the far one. */
export function peakSteps({ forecast: { horizon, peak_horizon } }: Policy): number[] {
  const count = Math.floor(peak_horizon / STEP_MINUTES);
  return Array.from({ length: count }, (_, i) => (i + 1) * STEP_MINUTES).filter((ahead) => ahead > horizon);
}

/** Moves that a peak beyond the near horizon asks for, each with the quietest time before it. */
export function preparationsFor(
  state: ClusterState,
  far: ReadonlyMap<number, readonly ForecastStep[]>,
  policy: Policy,
): Recommendation[] {
  const nowMs = Date.parse(state.now);
  const { forecast } = policy;
  const farPolicy = { ...policy, forecast: { ...forecast, horizon: forecast.peak_horizon } };
  const sure = withFarForecasts(state, far, forecast.peak_error_max);
  const rebalance = PHASE_ORDER.filter(({ name }) => name === 'rebalance');
  const made = plan(compileState(sure, farPolicy), farPolicy, nowMs, rebalance);
  const loads = totalsOf(far);
  return documentOf(made, farPolicy).recommendations.flatMap((one) => {
    const peakMs = one.overloadAt === null ? 0 : Date.parse(one.overloadAt);
    if (one.action !== 'move' || peakMs <= nowMs + forecast.horizon * MINUTE_MS) return [];
    const bestMs = troughBefore(
      peakMs - LEAD_MS,
      nowMs,
      loads,
      termsFor(policy, { cluster: OWN_CLUSTER, body: one }),
    );
    if (bestMs === undefined) return [];
    const prepares = { peakAt: one.overloadAt!, bestAt: new Date(bestMs).toISOString() };
    return [{ ...one, urgency: 'when-convenient' as const, prepares }];
  });
}

/** Forecasts of the far steps that err little enough; what is near stays as it is. */
function withFarForecasts(
  state: ClusterState,
  far: ReadonlyMap<number, readonly ForecastStep[]>,
  errorMax: number,
): ClusterState {
  const isSure = ({ quantiles }: ForecastStep) => {
    const [middle, high] = [quantiles['0.5'] ?? 0, quantiles['0.9'] ?? Number.POSITIVE_INFINITY];
    return middle > 0 && (high - middle) / middle <= errorMax;
  };
  return {
    ...state,
    shardlets: state.shardlets.map((one) => ({
      ...one,
      forecast: [...one.forecast, ...(far.get(Number(one.id)) ?? []).filter(isSure)],
    })),
  };
}

/** Median load of all shardlets by minutes ahead. */
function totalsOf(far: ReadonlyMap<number, readonly ForecastStep[]>): Map<number, number> {
  const totals = new Map<number, number>();
  for (const steps of far.values())
    for (const { aheadMinutes, quantiles } of steps)
      totals.set(aheadMinutes, (totals.get(aheadMinutes) ?? 0) + (quantiles['0.5'] ?? 0));
  return totals;
}

/** The hour with the least load before that time, in a window; undefined: no window opens before it. */
function troughBefore(
  untilMs: number,
  nowMs: number,
  loads: ReadonlyMap<number, number>,
  { migration_window: windows }: Terms,
): number | undefined {
  const starts = [...loads].flatMap(([ahead, load]) => {
    const atMs = nextWindow(windows, nowMs + ahead * MINUTE_MS);
    // a window that opens later than within the hour is another hour's
    const isOpen = atMs < nowMs + (ahead + STEP_MINUTES) * MINUTE_MS;
    return isOpen && atMs <= untilMs ? [{ atMs, load }] : [];
  });
  return starts.reduce<{ atMs: number; load: number } | undefined>(
    (best, one) => (best === undefined || one.load < best.load ? one : best),
    undefined,
  )?.atMs;
}
