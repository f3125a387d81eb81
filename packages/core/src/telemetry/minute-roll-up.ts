/**
 * Adds flushes up, minute by minute. The sketches of a minute are kept for some hours, and the cells of the
 * minute are a function of them; so a late flush is merged exactly, quantiles and distinct keys included.
 * Later than that it still adds to the counts, and raises the rest at most to its own.
 */
import { Block, FULLY_COVERED, packBlock, unpackBlock } from './block.ts';
import { type BlockKey, type BlockTransaction, LIVE, NO_STREAM } from './block-store.ts';
import type { HostSamples } from './host-sample.ts';
import { blockStart, floorTo, HOUR_MS, LEVELS, MINUTE_MS, slotOf } from './levels.ts';
import type { PackedFlush } from './load-flush.ts';
import { gaugeCode, type HostMetric, METRIC_NAMES, type Metric, mergedCodes } from './metric.ts';
import { ByteReader } from './packing.ts';
import {
  addLoads,
  type KeyNames,
  type Loads,
  loadOf,
  type NamedLoads,
  packLoads,
  ShardletLoad,
  unpackLoads,
} from './shardlet-load.ts';
import { noteSince } from './stream-since.ts';

/** How long the sketches of a minute are kept: the hour they belong to, and an hour for what comes late. */
export const SKETCHES_KEPT_MS = 2 * HOUR_MS;
/** Until every hour that is still made of them surely was. */
export const SKETCHES_REMOVED_MS = SKETCHES_KEPT_MS + 2 * HOUR_MS;
/** Clocks of edges may differ; a flush further ahead than this is a broken clock. */
const AHEAD_MS_MAX = 120_000;
const SECONDS = 60;

interface Minute {
  readonly loads: Loads;
  /** of all streams: the same key has the same name */
  readonly keyNames: KeyNames;
  /** which seconds some edge has told about */
  readonly seconds: Uint8Array;
  readonly hosts: Map<HostMetric, Map<number, number[]>>;
}

export class MinuteRollUp {
  private readonly minutes = new Map<number, Minute>();
  private readonly streamOf: (shardlet: number) => number | undefined;
  private readonly oldestMs: number;
  private readonly newestMs: number;
  /** flushes that lie outside the time that is kept */
  ignored = 0;

  constructor(streamOf: (shardlet: number) => number | undefined, nowMs: number, keptMs: number) {
    this.streamOf = streamOf;
    this.oldestMs = nowMs - keptMs;
    this.newestMs = nowMs + AHEAD_MS_MAX;
  }

  add({ atMs, packed }: PackedFlush): void {
    const minute = this.minuteOf(atMs);
    if (minute === undefined) return;
    minute.seconds[Math.floor((atMs % MINUTE_MS) / 1_000)] = 1;
    addLoads(new ByteReader(packed), (shardlet) => this.loadIn(minute, shardlet), minute.keyNames);
  }

  /** Rows that are held: what bounds the memory of one transaction. */
  get rows(): number {
    let rows = 0;
    for (const { loads } of this.minutes.values()) rows += loads.size;
    return rows;
  }

  has(atMs: number): boolean {
    return this.minutes.has(floorTo(atMs, MINUTE_MS));
  }

  addHosts({ atMs, hosts }: HostSamples): void {
    const minute = this.minuteOf(atMs);
    if (minute === undefined) return;
    for (const { host, values } of hosts)
      for (const [metric, value] of Object.entries(values) as [HostMetric, number][]) {
        let byHost = minute.hosts.get(metric);
        if (byHost === undefined) minute.hosts.set(metric, (byHost = new Map()));
        byHost.set(host, [...(byHost.get(host) ?? []), value]);
      }
  }

  /** `streams`: all that the topology store has, also the ones without load. Answers how many minutes were written. */
  async write(tx: BlockTransaction, nowMs: number, streams: readonly number[]): Promise<number> {
    let written = 0;
    const newestMs = Math.max(...this.minutes.keys());
    for (const stream of streams) if (this.minutes.size > 0) await noteSince(tx, stream, newestMs);
    for (const [startMs, minute] of this.minutes) {
      await writeCoverage(tx, startMs, minute.seconds);
      for (const [metric, byHost] of minute.hosts) await writeHosts(tx, metric, startMs, byHost);
      const byStream = this.byStream(minute);
      for (const [stream, loads] of byStream) await writeMinute(tx, stream, startMs, loads, nowMs);
      for (const stream of byStream.keys()) await noteSince(tx, stream, startMs);
      for (const stream of [NO_STREAM, ...byStream.keys()]) await markHour(tx, stream, startMs);
      this.minutes.delete(startMs);
      written++;
    }
    return written;
  }

  private minuteOf(atMs: number): Minute | undefined {
    if (atMs < this.oldestMs || atMs > this.newestMs) {
      this.ignored++;
      return undefined;
    }
    const startMs = floorTo(atMs, MINUTE_MS);
    let minute = this.minutes.get(startMs);
    if (minute === undefined) {
      const seconds = new Uint8Array(SECONDS);
      minute = { loads: new Map(), keyNames: new Map(), seconds, hosts: new Map() };
      this.minutes.set(startMs, minute);
    }
    return minute;
  }

  private loadIn({ loads }: Minute, shardlet: number): ShardletLoad {
    const load = loads.get(shardlet);
    if (load !== undefined) return load;
    // a shardlet that the topology store does not know: its numbers have nowhere to go
    return this.streamOf(shardlet) === undefined ? new ShardletLoad() : loadOf(loads, shardlet);
  }

  private byStream({ loads, keyNames }: Minute): Map<number, NamedLoads> {
    const byStream = new Map<number, NamedLoads>();
    for (const [shardlet, load] of loads) {
      const stream = this.streamOf(shardlet);
      // the map goes on meanwhile: its stream was deleted after the flush was read
      if (stream === undefined) continue;
      let named = byStream.get(stream);
      if (named === undefined) byStream.set(stream, (named = { loads: new Map(), keyNames }));
      named.loads.set(shardlet, load);
    }
    return byStream;
  }
}

export function liveKey(key: Omit<BlockKey, 'source'>): BlockKey {
  return { ...key, source: LIVE };
}

async function writeMinute(
  tx: BlockTransaction,
  stream: number,
  startMs: number,
  loads: NamedLoads,
  nowMs: number,
): Promise<void> {
  const key = liveKey({ stream, level: 'minute', part: 'loads', startMs });
  const isKept = startMs >= nowMs - SKETCHES_KEPT_MS;
  const known = isKept ? await tx.get(key) : undefined;
  if (known !== undefined) unpackLoads(known, loads);
  if (isKept) await tx.put(key, packLoads(loads));
  const slot = slotOf('minute', startMs);
  for (const metric of METRIC_NAMES)
    await changeBlock(tx, stream, 'minute', metric, startMs, (block) => {
      for (const [id, load] of loads.loads) {
        const code = codeOf(metric, load);
        block.set(id, slot, isKept ? code : mergedCodes(metric, block.get(id, slot), code));
      }
    });
}

/** Reads the block that holds the time, changes it, and writes it again. */
export async function changeBlock(
  tx: BlockTransaction,
  stream: number,
  level: BlockKey['level'],
  part: BlockKey['part'],
  atMs: number,
  change: (block: Block) => void,
): Promise<void> {
  const key = liveKey({ stream, level, part, startMs: blockStart(level, atMs) });
  const bytes = await tx.get(key);
  const block = bytes === undefined ? new Block(LEVELS[level].slots) : unpackBlock(bytes);
  change(block);
  await tx.put(key, packBlock(block));
}

/** The code of a metric that a load comes to. */
export function codeOf(metric: Metric, load: ShardletLoad): number {
  switch (metric) {
    case 'p50':
      return bucketCode(load.latency.quantileBucket(0.5));
    case 'p99':
      return bucketCode(load.latency.quantileBucket(0.99));
    case 'distinctKeys':
      return load.keys.estimate();
    default:
      return load[metric];
  }
}

function bucketCode(bucket: number | undefined): number {
  return bucket === undefined ? 0 : bucket + 1;
}

/** Samples that come in two runs are averaged as two: gauges need no more. */
async function writeHosts(
  tx: BlockTransaction,
  metric: HostMetric,
  startMs: number,
  byHost: ReadonlyMap<number, readonly number[]>,
): Promise<void> {
  await changeBlock(tx, NO_STREAM, 'minute', metric, startMs, (block) => {
    const slot = slotOf('minute', startMs);
    block.covered[slot] = FULLY_COVERED;
    for (const [host, values] of byHost) {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      block.add(metric, host, slot, gaugeCode(mean));
    }
  });
}

/** The seconds are kept as the sketches are; the block has the share of them. */
async function writeCoverage(tx: BlockTransaction, startMs: number, seconds: Uint8Array): Promise<void> {
  const key = liveKey({ stream: NO_STREAM, level: 'minute', part: 'loads', startMs });
  const known = await tx.get(key);
  const heard = seconds.map((second, i) => (second === 1 || known?.[i] === 1 ? 1 : 0));
  await tx.put(key, heard);
  const share = heard.reduce((sum, second) => sum + second, 0) / SECONDS;
  await changeBlock(tx, NO_STREAM, 'minute', 'coverage', startMs, (block) => {
    const slot = slotOf('minute', startMs);
    block.covered[slot] = Math.max(block.covered[slot]!, Math.ceil(share * FULLY_COVERED));
  });
}

function markHour(tx: BlockTransaction, stream: number, minuteMs: number): Promise<void> {
  const startMs = floorTo(minuteMs, HOUR_MS);
  return tx.put(liveKey({ stream, level: 'hour', part: 'due', startMs }), new Uint8Array());
}
