/**
 * What is recorded, and how its values add up over time and over shardlets. Values are stored as whole
 * numbers ("codes") in blocks; this table says how.
 */
import { latencyOfBucket } from './latency-sketch.ts';

/** How values of the same place come together: over time, and over shardlets in one row of a picture. */
export type Merging = 'sum' | 'max' | 'mean';

export interface MetricDescription {
  readonly unit: string;
  readonly meaning: string;
  readonly merging: Merging;
  /** what a covered slot without a stored code means: nothing happened, or nothing is known */
  readonly absent: 'zero' | 'missing';
}

export const METRICS = {
  events: { unit: 'events', meaning: 'events stored', merging: 'sum', absent: 'zero' },
  bytes: { unit: 'bytes', meaning: 'bytes stored, with frames', merging: 'sum', absent: 'zero' },
  reads: { unit: 'events', meaning: 'events handed to readers', merging: 'sum', absent: 'zero' },
  errors: { unit: 'events', meaning: 'events refused after routing', merging: 'sum', absent: 'zero' },
  p50: { unit: 'us', meaning: 'median of the append latency', merging: 'max', absent: 'missing' },
  p99: { unit: 'us', meaning: '99th percentile of the append latency', merging: 'max', absent: 'missing' },
  distinctKeys: { unit: 'keys', meaning: 'different keys, estimated', merging: 'max', absent: 'zero' },
} as const satisfies Record<string, MetricDescription>;
export type Metric = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as Metric[];

export const HOST_METRICS = {
  cpu: { unit: 'cores', meaning: 'CPU of the engine', merging: 'mean', absent: 'missing' },
  memory: { unit: 'bytes', meaning: 'memory of the engine', merging: 'mean', absent: 'missing' },
  disk: { unit: 'bytes', meaning: 'append-only file or databases', merging: 'mean', absent: 'missing' },
  networkIn: { unit: 'bytes/s', meaning: 'received by the engine', merging: 'mean', absent: 'missing' },
  networkOut: { unit: 'bytes/s', meaning: 'sent by the engine', merging: 'mean', absent: 'missing' },
  diskRead: { unit: 'bytes/s', meaning: 'read from the disk', merging: 'mean', absent: 'missing' },
  commands: { unit: '1/s', meaning: 'commands or transactions', merging: 'mean', absent: 'missing' },
} as const satisfies Record<string, MetricDescription>;
export type HostMetric = keyof typeof HOST_METRICS;
export const HOST_METRIC_NAMES = Object.keys(HOST_METRICS) as HostMetric[];

export type AnyMetric = Metric | HostMetric;

export function describeMetric(metric: AnyMetric): MetricDescription {
  return metric in METRICS ? METRICS[metric as Metric] : HOST_METRICS[metric as HostMetric];
}

/** Gauges keep three decimals. */
const GAUGE_SCALE = 1_000;

/** The stored code as a value; 0 of a metric that can be missing is NaN. */
export function metricValue(metric: AnyMetric, code: number): number {
  if (describeMetric(metric).absent === 'zero') return code;
  if (code === 0) return Number.NaN;
  return metric in METRICS ? latencyOfBucket(code - 1) : (code - 1) / GAUGE_SCALE;
}

export function gaugeCode(value: number): number {
  return Math.round(Math.max(0, value) * GAUGE_SCALE) + 1;
}

/** Two codes of the same shardlet and slot, as one. */
export function mergedCodes(metric: AnyMetric, a: number, b: number): number {
  const { merging } = describeMetric(metric);
  if (merging === 'sum') return a + b;
  if (merging === 'max' || a === 0 || b === 0) return Math.max(a, b);
  return Math.round((a + b) / 2);
}
