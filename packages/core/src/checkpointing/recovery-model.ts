/**
 * How long a replacement takes to be ready: the restore of the checkpoint (a fixed part and a part per byte) and the replay
 * of what came after it. Both are learned from recoveries that happened. Old ones are forgotten by halves, because machines
 * and handlers change. Before the first one a cautious guess is used, which counts less than one observation.
 *
 * Each observation is first predicted, then learned: the errors of these predictions are stated with every estimate.
 */
import { invariant, MS_PER_SECOND } from '../kernel/index.ts';

/** An observation counts half after so many later ones. */
const HALF_LIFE_OBSERVATIONS = 20;
const KEPT = 0.5 ** (1 / HALF_LIFE_OBSERVATIONS);
/** The guess before any evidence, rather slow than fast: a checkpoint too early costs less than one too late. */
const GUESS = { fixedMs: 2_000, bytesPerMs: 50_000, eventsPerSecond: 2_000 };
/** The guess stands as a second observation at this size, else observations of one size would say nothing per byte. */
const GUESS_BYTES = 50_000_000;
const GUESS_WEIGHT = 0.5;
/** It fades as observations come, but never wholly. */
const GUESS_WEIGHT_MIN = 0.01;
/** Times scatter in proportion to themselves, so from about this size on an observation weighs less, the larger it is. */
const LARGE_BYTES = 50_000_000;
/** A faster restore than this is not measured but cut off by the clock. */
const RESTORE_MS_MIN = 1;

/** Sums of weighted least squares of restore time over bytes, and of replays. Plain numbers, to be stored as they are. */
export interface RecoveryModel {
  readonly restores: number;
  readonly replays: number;
  readonly weight: number;
  readonly bytes: number;
  readonly bytesSquared: number;
  readonly restoreMs: number;
  readonly bytesTimesMs: number;
  readonly replayedEvents: number;
  readonly replaySeconds: number;
  readonly restoreError: MeanError;
  readonly replayError: MeanError;
}

/** Mean absolute error of predictions, as a share of what was measured; forgotten like the observations. */
interface MeanError {
  readonly sum: number;
  readonly weight: number;
}

export const FIRST_RECOVERY_MODEL: RecoveryModel = {
  restores: 0,
  replays: 0,
  weight: 0,
  bytes: 0,
  bytesSquared: 0,
  restoreMs: 0,
  bytesTimesMs: 0,
  replayedEvents: 0,
  replaySeconds: 0,
  restoreError: { sum: 0, weight: 0 },
  replayError: { sum: 0, weight: 0 },
};

export interface RestoreRates {
  readonly fixedMs: number;
  readonly msPerByte: number;
}

export interface Recovery {
  readonly restoreMs: number;
  readonly replayMs: number;
  readonly totalMs: number;
  /** mean absolute error of earlier predictions, as a share; undefined before the first observation */
  readonly restoreErrorShare: number | undefined;
  readonly replayErrorShare: number | undefined;
  readonly restores: number;
  readonly replays: number;
}

/** Estimated recovery of a checkpoint of `bytes` with `events` to replay after it. */
export function recoveryOf(model: RecoveryModel, checkpoint: { bytes: number; events: number }): Recovery {
  const { fixedMs, msPerByte } = restoreRates(model);
  const restoreMs = fixedMs + msPerByte * checkpoint.bytes;
  const replayMs = (checkpoint.events / replayEventsPerSecond(model)) * MS_PER_SECOND;
  return {
    restoreMs,
    replayMs,
    totalMs: restoreMs + replayMs,
    restoreErrorShare: shareOf(model.restoreError),
    replayErrorShare: shareOf(model.replayError),
    restores: model.restores,
    replays: model.replays,
  };
}

/** A restore that was measured. */
export function learnRestore(model: RecoveryModel, restore: { bytes: number; ms: number }): RecoveryModel {
  const { bytes } = restore;
  invariant(bytes >= 0 && Number.isFinite(bytes), 'a restore reads a number of bytes');
  invariant(restore.ms >= 0 && Number.isFinite(restore.ms), 'a restore takes a time');
  const ms = Math.max(RESTORE_MS_MIN, restore.ms);
  const { fixedMs, msPerByte } = restoreRates(model);
  const expectedMs = fixedMs + msPerByte * bytes;
  const weight = weightOf(bytes);
  return {
    ...model,
    restores: model.restores + 1,
    weight: KEPT * model.weight + weight,
    bytes: KEPT * model.bytes + weight * bytes,
    bytesSquared: KEPT * model.bytesSquared + weight * bytes * bytes,
    restoreMs: KEPT * model.restoreMs + weight * ms,
    bytesTimesMs: KEPT * model.bytesTimesMs + weight * bytes * ms,
    restoreError: withError(model.restoreError, expectedMs, ms),
  };
}

/** A replay that was measured; one of no event or no time says nothing of the rate. */
export function learnReplay(
  model: RecoveryModel,
  { events, ms }: { events: number; ms: number },
): RecoveryModel {
  if (!(events > 0 && ms > 0)) return model;
  const expectedMs = (events / replayEventsPerSecond(model)) * MS_PER_SECOND;
  return {
    ...model,
    replays: model.replays + 1,
    replayedEvents: KEPT * model.replayedEvents + events,
    replaySeconds: KEPT * model.replaySeconds + ms / MS_PER_SECOND,
    replayError: withError(model.replayError, expectedMs, ms),
  };
}

/** Neither part is ever negative: where the best line says so, the best one without that part is taken. */
export function restoreRates(model: RecoveryModel): RestoreRates {
  const guess = guessed(model.restores);
  const weight = model.weight + guess.weight;
  const bytes = model.bytes + guess.bytes;
  const bytesSquared = model.bytesSquared + guess.bytesSquared;
  const ms = model.restoreMs + guess.restoreMs;
  const bytesTimesMs = model.bytesTimesMs + guess.bytesTimesMs;
  const msPerByte = (weight * bytesTimesMs - bytes * ms) / (weight * bytesSquared - bytes * bytes);
  const fixedMs = (ms - msPerByte * bytes) / weight;
  if (msPerByte < 0) return { fixedMs: ms / weight, msPerByte: 0 };
  if (fixedMs < 0) return { fixedMs: 0, msPerByte: bytesTimesMs / bytesSquared };
  return { fixedMs, msPerByte };
}

/** Events over time of all that is remembered; the guess counts like one second of replay. */
export function replayEventsPerSecond(model: RecoveryModel): number {
  return (model.replayedEvents + GUESS.eventsPerSecond) / (model.replaySeconds + 1);
}

/** Two points of the guess: of no bytes, and of many. */
function guessed(restores: number) {
  const largeMs = GUESS.fixedMs + GUESS_BYTES / GUESS.bytesPerMs;
  const none = Math.max(GUESS_WEIGHT_MIN, GUESS_WEIGHT * KEPT ** restores);
  const large = none * weightOf(GUESS_BYTES);
  return {
    weight: none + large,
    bytes: large * GUESS_BYTES,
    bytesSquared: large * GUESS_BYTES * GUESS_BYTES,
    restoreMs: none * GUESS.fixedMs + large * largeMs,
    bytesTimesMs: large * GUESS_BYTES * largeMs,
  };
}

/** Of the size alone: a weight by time would go on hearing a machine that became slower as it was before. */
function weightOf(bytes: number): number {
  return 1 / (1 + bytes / LARGE_BYTES) ** 2;
}

function withError({ sum, weight }: MeanError, expected: number, measured: number): MeanError {
  return { sum: KEPT * sum + Math.abs(expected - measured) / measured, weight: KEPT * weight + 1 };
}

function shareOf({ sum, weight }: MeanError): number | undefined {
  return weight === 0 ? undefined : sum / weight;
}
