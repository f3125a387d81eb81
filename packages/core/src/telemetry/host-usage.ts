/**
 * How full every host is and how long it lasts: what the worker measures and tells the console and the
 * command line through a hash in the control Redis. It is a picture: when it is lost, the next measurement
 * draws it again.
 */
import { z } from 'zod';

const bytes = z.number().min(0);

export const hostUsageSchema = z.object({
  measuredAtMs: z.int(),
  reachable: z.boolean(),
  /** why it is not reachable */
  reason: z.string().optional(),
  /** false while it waits for readmission: it answers in a run that the topology store does not trust */
  incarnationKnown: z.boolean(),
  usedBytes: bytes.optional(),
  /** absent when the engine has no limit of its own */
  limitBytes: bytes.optional(),
  /** until edges stop appends to it; absent when it is not growing, or not measured long enough */
  hoursToFull: bytes.optional(),
  /** the worker refuses to use this host until a person has looked at it */
  alarm: z.object({ reason: z.string(), detail: z.string(), sinceMs: z.int() }).optional(),
});
export type HostUsageReport = z.infer<typeof hostUsageSchema>;
export type HostAlarm = NonNullable<HostUsageReport['alarm']>;

/** Hash in the control Redis: host id -> HostUsageReport as JSON. */
export const HOST_USAGE_KEY = '{foreshard}:hosts';
/** Hash in the control Redis: host id -> HostAlarm as JSON; set and cleared by whoever reconciles the host. */
export const HOST_ALARMS_KEY = '{foreshard}:host-alarms';

export interface UsageSample {
  readonly atMs: number;
  readonly usedBytes: number;
}

/** Below this the slope is mostly the noise of the engine's own memory. */
const SAMPLES_MIN = 3;
const SPAN_MS_MIN = 20_000;
/** Ten years: slower growth than that is as good as none. */
const HOURS_MAX = 87_600;
const MS_PER_HOUR = 3_600_000;
/** Load that ended this long ago does not fill a host any more. */
const RECENT_MS = 180_000;
/** of the growth of all samples */
const STILL_GROWING = 0.25;

/** Of a host that is emptier a burst of a minute, taken for growth without end, says nothing about when it is full. */
export const FILL_WITH_EVIDENCE = 0.25;

/**
 * Hours until `fullAtBytes` is reached, if the use goes on growing as in the samples (least squares);
 * undefined when it does not grow or the samples tell too little.
 */
export function hoursToFull(samples: readonly UsageSample[], fullAtBytes: number): number | undefined {
  const slope = bytesPerMs(samples);
  if (slope === undefined || slope <= 0) return undefined;
  const newest = samples.reduce((a, b) => (b.atMs >= a.atMs ? b : a));
  const recent = bytesPerMs(samples.filter(({ atMs }) => newest.atMs - atMs <= RECENT_MS));
  if (recent !== undefined && recent < STILL_GROWING * slope) return undefined;
  const hours = Math.max(0, fullAtBytes - newest.usedBytes) / slope / MS_PER_HOUR;
  return hours > HOURS_MAX ? undefined : hours;
}

function bytesPerMs(samples: readonly UsageSample[]): number | undefined {
  if (samples.length < SAMPLES_MIN) return undefined;
  const times = samples.map((s) => s.atMs);
  if (Math.max(...times) - Math.min(...times) < SPAN_MS_MIN) return undefined;
  const meanMs = mean(times);
  const meanBytes = mean(samples.map((s) => s.usedBytes));
  let covariance = 0;
  let variance = 0;
  for (const { atMs, usedBytes } of samples) {
    covariance += (atMs - meanMs) * (usedBytes - meanBytes);
    variance += (atMs - meanMs) ** 2;
  }
  return covariance / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
