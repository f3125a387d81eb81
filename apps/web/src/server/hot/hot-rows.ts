/** Hot shardlets as rows of a table, each with its place, its course and why it is hot. */
import { formatPosition } from '@foreshard/core/keyspace';
import type { HotShardlet } from '@foreshard/core/telemetry';
import type { Stream, TopologyMap } from '@foreshard/core/topology';
import { causeOf, type HotCause, heldForMs } from './hot-cause.ts';

const SPARK_POINTS = 48;
const KEYS_SHOWN = 3;

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

/** In the order of `hot`; `leaves`: shardlets of the stream that take events. */
export function hotRows(
  map: TopologyMap,
  stream: Pick<Stream, 'splitKeys'>,
  leaves: number,
  hot: readonly HotShardlet[],
): HotRow[] {
  return hot.map((h, i) => {
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
}

function topKeys({ keys }: HotShardlet): HotRow['topKeys'] {
  return keys.topKeys.slice(0, KEYS_SHOWN).map(({ key, keyHash, events }) => ({
    key: key ?? null,
    hash: keyHash.toString(16).padStart(8, '0'),
    events,
  }));
}

/** The highest of each part, so that a short peak is not lost; null where nothing is known. */
export function thinned(values: Float64Array): (number | null)[] {
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
