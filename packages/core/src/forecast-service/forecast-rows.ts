/**
 * Forecasts laid over the rows of a picture. A share of a shardlet is one number for all steps, so its rows are
 * added up once for each forecast; with a hundred thousand shardlets a step then costs as much as the rows.
 */
import type { RowIndex } from '../telemetry/index.ts';
import type { TopologyMap } from '../topology/index.ts';
import type { StreamForecast } from './stream-forecast.ts';

type Laying = ReturnType<RowIndex['lay']>;

export class ForecastRows {
  private readonly map: TopologyMap;
  private readonly index: RowIndex;
  private readonly rows: number;
  private readonly layings = new Map<number, Laying>();
  /** by row: the share of those that have no model of their own */
  private readonly shares = new Map<StreamForecast, Float64Array>();

  constructor(map: TopologyMap, index: RowIndex, rows: number) {
    this.map = map;
    this.index = index;
    this.rows = rows;
  }

  /** A step of the forecast as the models see it. */
  baseline(kept: StreamForecast, step: number): Float64Array {
    const total = kept.total.point[step]!;
    const result = this.sharesOf(kept).map((share) => share * total);
    for (const [id, { point }] of kept.own) this.add(result, id, point[step]!);
    return result;
  }

  laid(loads: ReadonlyMap<number, number>): Float64Array {
    const result = new Float64Array(this.rows);
    for (const [id, load] of loads) this.add(result, id, load);
    return result;
  }

  private sharesOf(kept: StreamForecast): Float64Array {
    let shares = this.shares.get(kept);
    if (shares !== undefined) return shares;
    shares = new Float64Array(this.rows);
    for (const [id, share] of kept.shares) if (!kept.own.has(id)) this.add(shares, id, share);
    this.shares.set(kept, shares);
    return shares;
  }

  private add(rows: Float64Array, id: number, load: number): void {
    const laying = this.layingOf(id);
    if (laying === undefined) return;
    for (let k = 0; k < laying.shares.length; k++) rows[laying.firstRow + k]! += load * laying.shares[k]!;
  }

  private layingOf(id: number): Laying {
    if (this.layings.has(id)) return this.layings.get(id);
    const range = this.map.shardlet(id)?.range;
    const laying = range === undefined ? undefined : this.index.lay(range);
    this.layings.set(id, laying);
    return laying;
  }
}
