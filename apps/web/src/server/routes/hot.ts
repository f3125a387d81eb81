/** The shardlets with the most of something in a window, and why each is hot. */

import { formatPosition } from '@foreshard/core/keyspace';
import { HOUR_MS, type HotShardlet, METRIC_NAMES } from '@foreshard/core/telemetry';
import { z } from 'zod';
import { streamOf } from '../heat/heat-picture.ts';
import { causeOf, type HotCause, heldForMs } from '../hot/hot-cause.ts';
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
const SPARK_POINTS = 48;
const KEYS_SHOWN = 3;

const hotSchema = z.object({
  stream: z.string().nullable().default(null),
  metric: z.enum(METRIC_NAMES).default('events'),
  span: z.enum(HOT_SPANS as [keyof typeof SPANS]).default('1h'),
  n: z.int().min(1).max(HOT_MAX).default(20),
});

export interface HotRow {
  readonly rank: number;
  readonly shardlet: number;
  readonly shard: number | null;
  readonly owner: string | null;
  readonly state: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly value: number;
  /** of the whole stream's; null where it does not add up */
  readonly share: number | null;
  /** against the average shardlet of the stream; null likewise */
  readonly timesAverage: number | null;
  readonly spark: readonly (number | null)[];
  /** without a break above half of its highest, up to now; 0: not hot any more; null: not known */
  readonly hotForMs: number | null;
  readonly cause: HotCause;
  readonly topKeys: readonly {
    readonly key: string | null;
    readonly hash: string;
    readonly events: number;
  }[];
}

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
    const rows = hot.map((h, i): HotRow => {
      const shardlet = map.shardlet(h.shardlet);
      const share = finite(h.share);
      return {
        rank: i + 1,
        shardlet: h.shardlet,
        shard: shardlet?.shard ?? null,
        owner: (shardlet && map.host(shardlet.owner)?.name) ?? null,
        state: shardlet?.state.kind ?? 'unknown',
        from: shardlet ? formatPosition(shardlet.range.from) : null,
        to: shardlet ? formatPosition(shardlet.range.to) : null,
        value: h.value,
        share,
        timesAverage: share === null ? null : share * leaves,
        spark: thinned(h.sparkline),
        hotForMs: heldForMs(h.sparkline, h.stepMs),
        cause: causeOf(h, leaves, stream.splitKeys),
        topKeys: topKeys(h),
      };
    });
    return { stream: stream.name, metric: input.metric, fromMs, toMs, leaves, rows };
  }),
});

function topKeys({ keys }: HotShardlet): HotRow['topKeys'] {
  return keys.topKeys.slice(0, KEYS_SHOWN).map(({ key, keyHash, events }) => ({
    key: key ?? null,
    hash: keyHash.toString(16).padStart(8, '0'),
    events,
  }));
}

/** The highest of each part, so that a short peak is not lost; null where nothing is known. */
function thinned(values: Float64Array): (number | null)[] {
  const points = Math.min(SPARK_POINTS, values.length);
  return Array.from({ length: points }, (_, i) => {
    const part = values.subarray(
      Math.floor((i * values.length) / points),
      Math.floor(((i + 1) * values.length) / points),
    );
    const known = part.filter((v) => !Number.isNaN(v));
    return known.length === 0 ? null : Math.max(...known);
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
