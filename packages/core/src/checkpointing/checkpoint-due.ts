/**
 * The rule when a checkpoint is due, for one of two aims.
 *
 * `backlog`: a replacement that started now would be ready after the recovery time (restore + replay); by then so many
 * events have arrived as the forecast says for that time. A checkpoint is due when they are more than
 * `checkpoint_threshold`. So checkpoints come close together where load is high, and hardly at all in the trough.
 *
 * `cost`: a checkpoint is due when waiting for it has cost as much as it costs: the replay that a failure since the last
 * one would have caused, times the probability of a failure (the accrual rule, as in ski rental; at a constant rate it is
 * Young's interval: Young, CACM 17, 1974). What has accrued is drawn half-way (geometrically) to what the rate of the last
 * minutes would have made of the same events: in a burst it is smaller, which waits for the end of the burst, and after it
 * larger. Forecasts did not help here (decision 32).
 *
 * Neither aim may spend more than `checkpoint_share_max` of the time on checkpoints: a threshold below what arrives during
 * the restore alone cannot be kept by any number of them.
 */
import { MS_PER_SECOND } from '../kernel/index.ts';
import { type ArrivalForecast, arrivalsIn, type ExpectedArrivals } from './arrivals.ts';
import type { ForecastTrust } from './forecast-trust.ts';
import { type Recovery, type RecoveryModel, recoveryOf } from './recovery-model.ts';
import { eventsToReplay, type ReplayDebt, seen } from './replay-debt.ts';
import type { CheckpointSettings } from './settings.ts';

export type CheckpointReason =
  /** due: more events than the threshold would wait when a replacement is ready */
  | 'backlog-above-threshold'
  /** due: the replay risked so far costs as much as a checkpoint */
  | 'replay-costs-a-checkpoint'
  /** not due: nothing came since the last checkpoint */
  | 'nothing-new'
  /** not due: the last checkpoint is so recent that another one would take too much time */
  | 'too-soon'
  /** not due: below the limit */
  | 'below-limit';

export interface CheckpointVerdict {
  readonly isDue: boolean;
  readonly reason: CheckpointReason;
  readonly recovery: Recovery;
  readonly eventsToReplay: number;
  /** events expected to arrive during the recovery */
  readonly backlogEvents: number;
  /** the limit is passed at 1: backlog over threshold, or accrued cost over that of a checkpoint */
  readonly limitShare: number;
  /** the restore alone lets more than the threshold arrive: no checkpoint brings the backlog below it */
  readonly isThresholdOutOfReach: boolean;
}

export interface CheckpointSchedule extends CheckpointVerdict {
  /** when it will be due if loads come as forecast; null: not within the horizon */
  readonly nextDueMs: number | null;
}

export interface CheckpointQuestion {
  readonly settings: CheckpointSettings;
  readonly model: RecoveryModel;
  readonly debt: ReplayDebt;
  readonly forecast: ArrivalForecast;
  readonly trust: ForecastTrust;
  /** size of the last checkpoint */
  readonly bytes: number;
  /** how long the last checkpoint took */
  readonly checkpointMs: number;
  readonly nowMs: number;
}

/** places of the horizon at which `nextDueMs` is looked for */
const LOOKS_AHEAD = 60;
const MS_PER_MINUTE = 60 * MS_PER_SECOND;
const MS_PER_HOUR = 60 * MS_PER_MINUTE;
/** the part of the measured rate in what has accrued, as an exponent */
const DRAWN = 0.5;

export function judgeCheckpoint(question: CheckpointQuestion): CheckpointVerdict {
  const { settings, model, debt, bytes } = question;
  const events = eventsToReplay(debt);
  const recovery = recoveryOf(model, { bytes, events });
  const backlogEvents = arrivalsIn(arrivalsOf(question), question.nowMs, recovery.totalMs);
  const isBacklog = settings.aim === 'backlog';
  const limitShare = isBacklog
    ? backlogEvents / settings.checkpoint_threshold
    : accruedMs(question) / Math.max(1, question.checkpointMs);
  const reason = reasonOf(question, events, limitShare);
  const isOutOfReach = () =>
    arrivalsIn(arrivalsOf(question), question.nowMs, recovery.restoreMs) > settings.checkpoint_threshold;
  return {
    isDue: reason === 'backlog-above-threshold' || reason === 'replay-costs-a-checkpoint',
    reason,
    recovery,
    eventsToReplay: events,
    backlogEvents,
    limitShare,
    isThresholdOutOfReach: isBacklog && limitShare > 1 && isOutOfReach(),
  };
}

/** The verdict of now, and when it will be another one. */
export function scheduleCheckpoint(question: CheckpointQuestion): CheckpointSchedule {
  const verdict = judgeCheckpoint(question);
  return { ...verdict, nextDueMs: verdict.isDue ? question.nowMs : nextDueMs(question) };
}

function reasonOf(question: CheckpointQuestion, events: number, limitShare: number): CheckpointReason {
  if (events === 0) return 'nothing-new';
  if (limitShare <= 1) return 'below-limit';
  if (question.nowMs < restedMs(question)) return 'too-soon';
  return question.settings.aim === 'backlog' ? 'backlog-above-threshold' : 'replay-costs-a-checkpoint';
}

function restedMs({ debt, checkpointMs, settings }: CheckpointQuestion): number {
  return debt.checkpointMs + checkpointMs / settings.checkpoint_share_max;
}

function arrivalsOf({ settings, forecast, trust, debt }: CheckpointQuestion): ExpectedArrivals {
  const horizonMs = settings.prediction_horizon * MS_PER_MINUTE;
  return { forecast, trust, measuredPerSecond: debt.measuredPerSecond, horizonMs };
}

/** Expected time of replay since the checkpoint: failures come at a constant rate, each replays what is there. */
function accruedMs({ settings, model, debt }: CheckpointQuestion): number {
  const { replayMs } = recoveryOf(model, { bytes: 0, events: drawnEventSeconds(debt) });
  return (replayMs / settings.failure_interval) * (MS_PER_SECOND / MS_PER_HOUR);
}

function drawnEventSeconds(debt: ReplayDebt): number {
  const rate = debt.measuredPerSecond;
  if (rate === undefined || debt.eventSeconds === 0) return debt.eventSeconds;
  // E events that came at an even rate have waited E / rate / 2 each
  const even = eventsToReplay(debt) ** 2 / (2 * Math.max(rate, Number.MIN_VALUE));
  return debt.eventSeconds ** (1 - DRAWN) * even ** DRAWN;
}

/** The first of the looks ahead at which it is due, with what is forecast to have come by then. */
function nextDueMs(question: CheckpointQuestion): number | null {
  const expected = arrivalsOf(question);
  const lookMs = expected.horizonMs / LOOKS_AHEAD;
  for (let look = 1; look <= LOOKS_AHEAD; look++) {
    const nowMs = question.nowMs + look * lookMs;
    const lastSeq = question.debt.lastSeq + arrivalsIn(expected, question.nowMs, look * lookMs);
    const debt = { ...seen(question.debt, lastSeq, nowMs), measuredPerSecond: undefined };
    if (judgeCheckpoint({ ...question, debt, nowMs }).isDue) return nowMs;
  }
  return null;
}
