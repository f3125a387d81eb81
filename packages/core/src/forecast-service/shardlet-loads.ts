/** Recorded loads of shardlets with the past of their ranges, in the steps of forecasts. Missing stays missing. */
import { comparePositions, type Range } from '../keyspace/index.ts';
import type { Heat, TelemetryStore } from '../telemetry/index.ts';
import { isLeaf, type Shardlet, type TopologyMap } from '../topology/index.ts';
import { RESOLUTIONS, type Resolution } from './resolution.ts';
import type { ShardletLoads } from './stream-predictor.ts';

/** rows of the picture: boundaries of all shardlets that ever were, so more than there are shardlets now */
const ROWS_MAX = 60_000;
const KEY_HASHES = 2 ** 32;

/** Of every leaf, whoever covered its range then. */
export async function loadShardlets(
  telemetry: Pick<TelemetryStore, 'heat'>,
  map: TopologyMap,
  streamId: number,
  resolution: Resolution,
  toMs: number,
  spanMs: number = RESOLUTIONS[resolution].sharesMs,
): Promise<ShardletLoads[]> {
  const { stepMs } = RESOLUTIONS[resolution];
  const heat = await telemetry.heat({
    streamId,
    metric: 'events',
    fromMs: toMs - spanMs,
    toMs,
    columnsMax: spanMs / stepMs,
    rowsMax: ROWS_MAX,
  });
  const leaves = [...map.leaves(streamId)]
    .filter(isLeaf)
    .sort((a, b) => comparePositions(a.range.from, b.range.from));
  return laidOver(heat, leaves);
}

/** Rows and leaves are both in order: one walk over both. */
function laidOver(heat: Heat, leaves: readonly Shardlet[]): ShardletLoads[] {
  const rows = heat.rows.length;
  const seconds = heat.columnMs / 1_000;
  let row = 0;
  return leaves.map(({ id, range }) => {
    const loads = new Float64Array(heat.columns);
    while (row < rows && comparePositions(heat.rows[row]!.to, range.from) <= 0) row++;
    for (; row < rows && comparePositions(heat.rows[row]!.to, range.to) <= 0; row++)
      for (let column = 0; column < heat.columns; column++)
        loads[column]! += heat.values[column * rows + row]! * seconds;
    return { id, width: widthOf(range), loads };
  });
}

function widthOf({ from, to }: Range): number {
  return (to.hi - from.hi + (to.lo - from.lo) / KEY_HASHES) / KEY_HASHES;
}
