/** The shardlets with the most of something in a window, and why each is hot. */
import { HOUR_MS, METRIC_NAMES } from '@foreshard/core/telemetry';
import { z } from 'zod';
import { streamOf } from '../heat/heat-picture.ts';
import { hotRows } from '../hot/hot-rows.ts';
import { away, query, router } from '../trpc.ts';

const MINUTE_MS = 60_000;
const SPANS = {
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
};
export const HOT_SPANS = Object.keys(SPANS) as (keyof typeof SPANS)[];
const HOT_MAX = 100;

const hotSchema = z.object({
  stream: z.string().nullable().default(null),
  metric: z.enum(METRIC_NAMES).default('events'),
  span: z.enum(HOT_SPANS as [keyof typeof SPANS]).default('1h'),
  n: z.int().min(1).max(HOT_MAX).default(20),
});

export const hotRouter = router({
  list: query.input(hotSchema).query(async ({ ctx: { server }, input }) => {
    const { map, telemetry } = await server.partsFor(input.stream);
    if (map === undefined) throw away();
    const nowMs = Date.now();
    const rates = server.load.window.ratesByShardlet(nowMs);
    const stream = streamOf({ map, eventsOf: (id) => rates.get(id)?.events ?? 0 }, input.stream);
    const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const fromMs = toMs - SPANS[input.span];
    const hot = await telemetry.top({
      streamId: stream.id,
      metric: input.metric,
      fromMs,
      toMs,
      n: input.n,
    });
    const leaves = [...map.leaves(stream.id)].length;
    const rows = hotRows(map, stream, leaves, hot);
    return { stream: stream.name, metric: input.metric, fromMs, toMs, leaves, rows };
  }),
});
