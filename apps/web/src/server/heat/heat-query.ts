/** What may be asked of the heat map; pages and server share it, so a wrong address is refused with a reason. */
import { METRIC_NAMES, type Metric } from '@foreshard/core/telemetry';
import { z } from 'zod';

/** What a heat map can show: what was measured, what is or was forecast, and what came less what was forecast. */
export const SHOWN_METRICS = [...METRIC_NAMES, 'forecast', 'residual'] as const;
export type ShownMetric = (typeof SHOWN_METRICS)[number];

/** Forecasts are of events. */
export function measuredMetric(shown: ShownMetric): Metric {
  return shown === 'forecast' || shown === 'residual' ? 'events' : shown;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Hours are kept for 13 months; no screen tells more days apart. */
const SPAN_MS_MAX = 400 * DAY_MS;

/** 16 hex digits; 17 for the end of the key space */
const position = z.string().regex(/^(?:[0-9a-f]{16}|10000000000000000)$/, 'a position has 16 hex digits');

export const heatWindowSchema = z
  .object({
    /** null: the stream with the most load */
    stream: z.string().nullable().default(null),
    metric: z.enum(METRIC_NAMES).default('events'),
    fromMs: z.int().min(0),
    toMs: z.int().min(0),
    shard: z.int().min(0).nullable().default(null),
    from: position.nullable().default(null),
    to: position.nullable().default(null),
  })
  .refine((q) => q.toMs - q.fromMs >= MINUTE_MS, {
    path: ['toMs'],
    message: 'at least a minute after fromMs',
  })
  .refine((q) => q.toMs - q.fromMs <= SPAN_MS_MAX, { path: ['fromMs'], message: 'at most 400 days' })
  .refine((q) => (q.from === null) === (q.to === null), { path: ['to'], message: 'from and to go together' })
  .refine((q) => q.from === null || q.to === null || q.from.padStart(17, '0') < q.to.padStart(17, '0'), {
    path: ['to'],
    message: 'above from',
  });

export const heatQuerySchema = heatWindowSchema.and(
  z.object({
    columns: z.int().min(1).max(4_000).default(1_000),
    rows: z.int().min(1).max(2_000).default(500),
  }),
);
export type HeatQueryInput = z.infer<typeof heatQuerySchema>;

export type HeatCellQuery = z.infer<typeof heatWindowSchema>;
