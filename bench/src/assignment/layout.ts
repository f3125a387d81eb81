/**
 * The shardlets of the day, with what the product forecasts for them: hot ones are split ahead, and neighbours that
 * have become idle are merged. Made once, by forecasts alone, so that every way of assigning meets the same structure.
 */
import { weightsAhead } from '@foreshard/core/consuming';
import { AUTO_MODELS, detectSeasons } from '@foreshard/core/forecast-models';
import {
  CalibrationBook,
  ForecastStore,
  type PredictionInput,
  RESOLUTIONS,
  type StreamForecast,
  StreamPredictor,
} from '@foreshard/core/forecast-service';
import { range } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { type RouteLoads, STEP_MINUTES, STEPS_PER_DAY } from './route-loads.ts';

export interface LayoutStep {
  readonly map: TopologyMap;
  /** of leaves, as the worker would write them */
  readonly weights: ReadonlyMap<number, number>;
  /** events of the step, by leaf */
  readonly loads: ReadonlyMap<number, number>;
}

const STREAM = 1;
const HASHES = 0x1_0000_0000;
const FIRST_SHARDLETS = 64;
const SHARDLETS_MAX = 96;
const SHARDLETS_MIN = 48;
/** in means of all shardlets */
const SPLIT_ABOVE = 1.8;
const MERGE_BELOW = 0.9;
const STEPS_PER_PLAN = 6;
const CHANGES_PER_PLAN = 3;
const STEP_MS = STEP_MINUTES * 60_000;
const SETTINGS = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };

/** Of one day of the sample; what is known of a step lies before it. */
export async function layoutOf(loads: RouteLoads, day: number): Promise<LayoutStep[]> {
  const layout = new Layout(loads);
  const result: LayoutStep[] = [];
  for (let step = day * STEPS_PER_DAY; step < (day + 1) * STEPS_PER_DAY; step++) {
    let weights = await layout.weightsAt(step);
    if (step % STEPS_PER_PLAN === 0) {
      layout.restructure(weights);
      weights = await layout.weightsAt(step);
    }
    result.push({ map: layout.map, weights, loads: layout.loadsAt(step) });
  }
  return result;
}

class Layout {
  map: TopologyMap;
  private readonly loads: RouteLoads;
  private readonly predictor = new StreamPredictor(STREAM, '5m');
  private readonly book = new CalibrationBook('5m', undefined);
  private nextId = 1;
  private shardlets: Shardlet[] = [];
  private version = 0;

  constructor(loads: RouteLoads) {
    this.loads = loads;
    for (let i = 0; i < FIRST_SHARDLETS; i++)
      this.add((HASHES / FIRST_SHARDLETS) * i, (HASHES / FIRST_SHARDLETS) * (i + 1), []);
    this.map = this.mapNow();
  }

  loadsAt(step: number): Map<number, number> {
    return new Map(this.leaves().map((leaf) => [leaf.id, this.loads.load(step, ...bounds(leaf))]));
  }

  async weightsAt(step: number): Promise<Map<number, number>> {
    const kept = this.predictor.predict(this.inputAt(step), this.book);
    const nowMs = kept.originMs;
    const records = { latest: async () => kept, between: async () => [] as StreamForecast[] };
    const store = new ForecastStore({
      // nobody asks what has come
      telemetry: undefined as never,
      blocks: undefined as never,
      records,
      hints: { list: async () => [] },
      map: () => this.map,
      nowMs: () => nowMs,
    });
    return weightsAhead((atMs) => store.loadsAhead(STREAM, atMs), nowMs);
  }

  restructure(weights: ReadonlyMap<number, number>): void {
    const leaves = this.leaves();
    const mean = leaves.reduce((sum, { id }) => sum + (weights.get(id) ?? 0), 0) / leaves.length;
    const weightOf = ({ id }: Shardlet) => (weights.get(id) ?? 0) / mean;
    const hot = leaves.filter((leaf) => weightOf(leaf) > SPLIT_ABOVE);
    hot.sort((a, b) => weightOf(b) - weightOf(a));
    for (const leaf of hot.slice(0, Math.min(CHANGES_PER_PLAN, SHARDLETS_MAX - leaves.length)))
      this.split(leaf);
    const pairs = leaves
      .slice(1)
      .map((right, i) => ({ left: leaves[i]!, right, weight: weightOf(leaves[i]!) + weightOf(right) }))
      .filter(({ left, right, weight }) => weight < MERGE_BELOW && this.isLeaf(left) && this.isLeaf(right))
      .sort((a, b) => a.weight - b.weight);
    for (const { left, right } of pairs.slice(0, Math.min(CHANGES_PER_PLAN, leaves.length - SHARDLETS_MIN)))
      if (this.isLeaf(left) && this.isLeaf(right)) this.merge(left, right);
    this.map = this.mapNow();
  }

  private inputAt(step: number): PredictionInput {
    const { pastMs, sharesMs } = RESOLUTIONS['5m'];
    const fromStep = Math.max(0, step - pastMs / STEP_MS);
    const values = this.loads.series(fromStep, step, 0, HASHES);
    const seasons = detectSeasons(values, STEP_MINUTES * 60).map(({ steps }) => steps);
    const shares = Math.max(0, step - sharesMs / STEP_MS);
    return {
      originMs: this.loads.firstMs + step * STEP_MS,
      total: {
        values,
        stepSeconds: STEP_MINUTES * 60,
        seasons,
        firstMs: this.loads.firstMs + fromStep * STEP_MS,
      },
      shardlets: this.leaves().map((leaf) => {
        const [from, to] = bounds(leaf);
        return { id: leaf.id, width: (to - from) / HASHES, loads: this.loads.series(shares, step, from, to) };
      }),
      heavy: [],
      models: AUTO_MODELS,
      champion: undefined,
    };
  }

  private split(leaf: Shardlet): void {
    const [from, to] = bounds(leaf);
    const inside = this.loads.hashes.filter((hash) => hash >= from && hash < to);
    if (inside.length < 2) return;
    const middle = inside[inside.length >> 1]!;
    this.close(leaf, [this.add(from, middle, [leaf.id]), this.add(middle, to, [leaf.id])]);
  }

  private merge(left: Shardlet, right: Shardlet): void {
    const child = this.add(bounds(left)[0], bounds(right)[1], [left.id, right.id]);
    this.close(left, [child]);
    this.close(right, [child]);
  }

  private add(from: number, to: number, parents: number[]): number {
    const id = this.nextId++;
    const own = range({ hi: from, lo: 0 }, { hi: to, lo: 0 });
    const rest = { owner: 1, epoch: 1, state: { kind: 'open' } as const, parents, lost: [] };
    this.shardlets.push({ id, stream: STREAM, shard: 0, range: own, ...rest });
    return id;
  }

  private close({ id }: Shardlet, successors: number[]): void {
    const state = { kind: 'closed', successors, finalSeq: 1, finalTs: 0 } as const;
    this.shardlets = this.shardlets.map((one) => (one.id === id ? { ...one, state } : one));
  }

  private leaves(): Shardlet[] {
    const open = this.shardlets.filter(({ state }) => state.kind === 'open');
    return open.sort((a, b) => a.range.from.hi - b.range.from.hi);
  }

  private isLeaf({ id }: Shardlet): boolean {
    return this.shardlets.some((one) => one.id === id && one.state.kind === 'open');
  }

  private mapNow(): TopologyMap {
    const stream = { id: STREAM, name: 'flights', shardCount: 1, splitKeys: false, ...SETTINGS };
    const version = ++this.version;
    return new TopologyMap({ ...EMPTY_TOPOLOGY, version, streams: [stream], shardlets: this.shardlets });
  }
}

function bounds({ range: { from, to } }: Shardlet): [number, number] {
  return [from.hi, to.hi];
}
