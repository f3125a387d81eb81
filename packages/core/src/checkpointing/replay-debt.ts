/**
 * What has gathered since the last checkpoint of a shardlet: the events that a replacement would replay, and how long
 * each of them has waited. Kept up by looking at the last seq from time to time; between two looks arrivals count as even.
 */
import { invariant, MS_PER_SECOND } from '../kernel/index.ts';
import { MEASURED_MS } from './arrivals.ts';

export interface ReplayDebt {
  /** the last seq that the checkpoint holds */
  readonly checkpointSeq: number;
  readonly checkpointMs: number;
  readonly lastSeq: number;
  readonly seenMs: number;
  /** integral of the events to replay over the time since the checkpoint, event-seconds */
  readonly eventSeconds: number;
  /** arrivals of the last minutes; undefined before the second look */
  readonly measuredPerSecond: number | undefined;
}

export function eventsToReplay({ lastSeq, checkpointSeq }: ReplayDebt): number {
  return lastSeq - checkpointSeq;
}

/** Nothing is owed yet. A checkpoint of an older seq than the last one begins with what came after it. */
export function debtFrom(
  checkpoint: { seq: number; atMs: number },
  lastSeq: number,
  measuredPerSecond?: number | undefined,
): ReplayDebt {
  invariant(lastSeq >= checkpoint.seq, 'a checkpoint holds no event that is not there');
  return {
    checkpointSeq: checkpoint.seq,
    checkpointMs: checkpoint.atMs,
    lastSeq,
    seenMs: checkpoint.atMs,
    eventSeconds: 0,
    measuredPerSecond,
  };
}

/** A look at the shardlet. One that comes late, with an older time or seq, changes nothing. */
export function seen(debt: ReplayDebt, lastSeq: number, nowMs: number): ReplayDebt {
  const seconds = (nowMs - debt.seenMs) / MS_PER_SECOND;
  if (seconds <= 0 || lastSeq < debt.lastSeq) return debt;
  const arrived = lastSeq - debt.lastSeq;
  const rate = arrived / seconds;
  const before = debt.measuredPerSecond ?? rate;
  const kept = Math.exp((-seconds * MS_PER_SECOND) / MEASURED_MS);
  return {
    ...debt,
    lastSeq,
    seenMs: nowMs,
    eventSeconds: debt.eventSeconds + (eventsToReplay(debt) + arrived / 2) * seconds,
    measuredPerSecond: kept * before + (1 - kept) * rate,
  };
}
