/**
 * Builds recorded load out of a trace of the past, so that forecasts have something to begin with. It counts
 * to the shardlets that own the keys' positions now, under the name of the import: apart from what was
 * observed, so it can be repeated, replaced and removed. A few days are held in memory at a time; a trace
 * that jumps back and forth is only slower.
 */
import type { Shardlet } from '../topology/index.ts';
import { Block, FULLY_COVERED, packBlock, unpackBlock } from './block.ts';
import type { BlockKey, BlockTransaction } from './block-store.ts';
import { blockStart, floorTo, HOUR_MS, LEVELS, type Level, MINUTE_MS, slotOf } from './levels.ts';
import { METRIC_NAMES, type Metric, mergedCodes } from './metric.ts';
import { codeOf } from './minute-roll-up.ts';
import { placeOf } from './positions.ts';
import {
  type KeyNames,
  type Loads,
  loadOf,
  mergeLoads,
  newNamedLoads,
  packLoads,
  unpackLoads,
} from './shardlet-load.ts';

const DAY_MS = 24 * HOUR_MS;
/** Days held in memory. */
const DAYS_MAX = 3;
const COUNTS = ['events', 'bytes', 'reads'] as const;

export interface Access {
  readonly timeMs: number;
  readonly keyHash: number;
  readonly key: string;
  readonly events: number;
  readonly reads: number;
  readonly bytes: number;
}

/** So many events, evenly over a span and over all positions. */
export interface Amount {
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: number;
}

export interface HistoryOptions {
  readonly stream: number;
  readonly source: string;
  readonly leaves: readonly Shardlet[];
  /** minutes before it are past their retention */
  readonly minutesFromMs: number;
  /** hours before it are past theirs */
  readonly hoursFromMs: number;
}

interface Day {
  readonly hours: Map<number, Loads>;
  readonly minutes: Map<string, { key: BlockKey; block: Block }>;
  readonly keyNames: KeyNames;
  readonly coveredHours: Set<number>;
}

export class HistoryWriter {
  private readonly options: HistoryOptions;
  private readonly tx: BlockTransaction | undefined;
  private readonly leaves: LeafIndex;
  private readonly days = new Map<number, Day>();
  /** rows before the retention */
  tooOld = 0;
  readonly shardlets = new Set<number>();
  private carried = 0;

  /** Without a transaction nothing is written: a rehearsal. */
  constructor(options: HistoryOptions, tx: BlockTransaction | undefined) {
    this.options = options;
    this.tx = tx;
    this.leaves = new LeafIndex(options.leaves);
  }

  async access(access: Access): Promise<void> {
    const shardlet = this.leaves.find(access.keyHash);
    if (access.timeMs < this.options.hoursFromMs || shardlet === undefined) {
      this.tooOld++;
      return;
    }
    const day = await this.day(access.timeMs);
    const load = loadOf(hourOf(day, access.timeMs), shardlet);
    load.events += access.events;
    load.reads += access.reads;
    load.bytes += access.bytes;
    load.keys.add(access.keyHash);
    load.topKeys.add(access.keyHash, access.events + access.reads);
    day.keyNames.set(access.keyHash, access.key);
    this.shardlets.add(shardlet);
    for (const metric of COUNTS)
      if (access[metric] > 0) this.addMinute(day, metric, access.timeMs, shardlet, access[metric]);
  }

  async amount({ fromMs, toMs, events }: Amount): Promise<void> {
    if (fromMs < this.options.hoursFromMs) {
      this.tooOld++;
      return;
    }
    for (let at = fromMs; at < toMs; ) {
      const stepMs = at < this.options.minutesFromMs ? HOUR_MS : MINUTE_MS;
      const end = Math.min(toMs, floorTo(at, stepMs) + stepMs);
      await this.spread(at, (events * (end - at)) / (toMs - fromMs));
      at = end;
    }
  }

  /** Marks the span as observed, so that hours without a row are 0 in it and not unknown. */
  async cover(fromMs: number, toMs: number): Promise<void> {
    const first = floorTo(Math.max(fromMs, this.options.hoursFromMs), HOUR_MS);
    for (let hour = first; hour < toMs; hour += HOUR_MS) {
      const day = await this.day(hour);
      day.coveredHours.add(hour);
      for (
        let at = Math.max(hour, floorTo(fromMs, MINUTE_MS));
        at < Math.min(hour + HOUR_MS, toMs);
        at += MINUTE_MS
      )
        this.coverMinute(day, at);
    }
  }

  async finish(): Promise<void> {
    for (const startMs of [...this.days.keys()].sort((a, b) => a - b)) await this.write(startMs);
  }

  /** Whole events only; what is left of one is carried on to the next shardlet, so the sum stays right. */
  private async spread(atMs: number, events: number): Promise<void> {
    const { ids, shares } = this.leaves;
    const day = await this.day(atMs);
    const hour = hourOf(day, atMs);
    for (let i = 0; i < ids.length; i++) {
      const due = this.carried + events * shares[i]!;
      const whole = Math.floor(due + ROUNDING);
      this.carried = due - whole;
      if (whole === 0) continue;
      loadOf(hour, ids[i]!).events += whole;
      this.shardlets.add(ids[i]!);
      this.addMinute(day, 'events', atMs, ids[i]!, whole);
    }
  }

  private addMinute(day: Day, metric: Metric, atMs: number, shardlet: number, count: number): void {
    if (atMs < this.options.minutesFromMs) return;
    this.minuteBlock(day, metric, atMs).add(metric, shardlet, slotOf('minute', atMs), count);
  }

  private coverMinute(day: Day, atMs: number): void {
    if (atMs >= this.options.minutesFromMs)
      this.minuteBlock(day, 'events', atMs).covered[slotOf('minute', atMs)] = FULLY_COVERED;
  }

  private minuteBlock(day: Day, metric: Metric, atMs: number): Block {
    const key = this.key('minute', metric, blockStart('minute', atMs));
    const name = `${metric} ${key.startMs}`;
    let entry = day.minutes.get(name);
    if (entry === undefined) day.minutes.set(name, (entry = { key, block: new Block(LEVELS.minute.slots) }));
    return entry.block;
  }

  private async day(atMs: number): Promise<Day> {
    const startMs = floorTo(atMs, DAY_MS);
    const known = this.days.get(startMs);
    if (known !== undefined) return known;
    if (this.days.size >= DAYS_MAX) await this.write(Math.min(...this.days.keys()));
    const day: Day = { hours: new Map(), minutes: new Map(), keyNames: new Map(), coveredHours: new Set() };
    this.days.set(startMs, day);
    return day;
  }

  private async write(dayMs: number): Promise<void> {
    const day = this.days.get(dayMs)!;
    this.days.delete(dayMs);
    if (this.tx === undefined) return;
    for (const metric of METRIC_NAMES) {
      const block = new Block(LEVELS.hour.slots);
      for (const hour of [...day.coveredHours, ...day.hours.keys()])
        block.covered[slotOf('hour', hour)] = FULLY_COVERED;
      for (const [hour, loads] of day.hours)
        for (const [id, load] of loads) block.set(id, slotOf('hour', hour), codeOf(metric, load));
      if (!block.isEmpty || metric === 'events')
        await this.putMerged(metric, this.key('hour', metric, dayMs), block);
    }
    for (const { key, block } of day.minutes.values()) await this.putMerged(key.part as Metric, key, block);
    for (const [hour, loads] of day.hours) await this.putKeys(hour, loads, day.keyNames);
  }

  private async putMerged(metric: Metric, key: BlockKey, block: Block): Promise<void> {
    const before = await this.tx!.get(key);
    if (before !== undefined) {
      const known = unpackBlock(before);
      known.covered.forEach((share, slot) => {
        block.covered[slot] = Math.max(block.covered[slot]!, share);
      });
      for (const [id, row] of known.rows())
        row.forEach((code, slot) => {
          block.set(id, slot, mergedCodes(metric, block.get(id, slot), code));
        });
    }
    await this.tx!.put(key, packBlock(block));
  }

  private async putKeys(hourMs: number, loads: Loads, keyNames: KeyNames): Promise<void> {
    const key = { ...this.key('hour', 'events', hourMs), part: 'keys' } as const;
    const kept = newNamedLoads();
    for (const [id, load] of loads) loadOf(kept.loads, id).topKeys.merge(load.topKeys);
    const before = await this.tx!.get(key);
    if (before !== undefined) unpackLoads(before, kept);
    mergeLoads(kept, { loads: new Map(), keyNames });
    await this.tx!.put(key, packLoads(kept));
  }

  private key(level: Level, part: Metric, startMs: number): BlockKey {
    const { stream, source } = this.options;
    return { stream, level, part, startMs, source };
  }
}

/** Sums of shares are off by less. */
const ROUNDING = 1e-9;

function hourOf({ hours }: Day, atMs: number): Loads {
  const hour = floorTo(atMs, HOUR_MS);
  let loads = hours.get(hour);
  if (loads === undefined) hours.set(hour, (loads = new Map()));
  return loads;
}

/** Leaves in the order of their positions. */
class LeafIndex {
  readonly ids: readonly number[];
  /** of all positions */
  readonly shares: readonly number[];
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;

  constructor(leaves: readonly Shardlet[]) {
    const sorted = leaves.toSorted((a, b) => placeOf(a.range.from) - placeOf(b.range.from));
    this.ids = sorted.map((s) => s.id);
    this.starts = Float64Array.from(sorted, (s) => placeOf(s.range.from));
    this.ends = Float64Array.from(sorted, (s) => placeOf(s.range.to));
    const whole = sorted.reduce((sum, _, i) => sum + this.ends[i]! - this.starts[i]!, 0);
    this.shares = sorted.map((_, i) => (this.ends[i]! - this.starts[i]!) / whole);
  }

  find(keyHash: number): number | undefined {
    const place = placeOf({ hi: keyHash, lo: 0 });
    let [low, high] = [0, this.ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low < this.ids.length && this.starts[low]! <= place ? this.ids[low] : undefined;
  }
}
