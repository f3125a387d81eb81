/**
 * The recorded load: hours of the last month, and minutes of the last day of those shardlets that are busy enough
 * to have some in a minute. Weeks repeat, so their blocks are packed once and stored under each of their days.
 */
import {
  Block,
  type BlockStore,
  type BlockTransaction,
  ByteWriter,
  blockMs,
  FULLY_COVERED,
  HOUR_MS,
  LEVELS,
  type Level,
  LIVE,
  LoadCounters,
  latencyBucket,
  type Metric,
  MINUTE_MS,
  NO_STREAM,
  packBlock,
  packLoads,
} from '@foreshard/core/telemetry';
import { type LoadShape, noise } from './load-shape.ts';

const DAY_MS = 24 * HOUR_MS;
const DAYS = 31;
/** Of them bytes and latencies are kept as well: what pages ask for is of a day. */
const DETAILED_DAYS = 2;
const BUSY = 6_000;
const MINUTES_MS = 26 * HOUR_MS;
export const EVENT_BYTES = 420;

export async function writeLoad(
  blocks: BlockStore,
  stream: number,
  shape: LoadShape,
  nowMs: number,
): Promise<void> {
  await blocks.exclusively('large cluster', async (tx) => {
    const since = new ByteWriter();
    since.uint(Math.floor((nowMs - DAYS * DAY_MS) / MINUTE_MS));
    await tx.put({ stream, level: 'minute', part: 'since', startMs: 0, source: LIVE }, since.finish());
    await writeHours(tx, stream, shape, nowMs);
    await writeMinutes(tx, stream, shape, nowMs);
    await writeKeys(tx, stream, shape, nowMs);
  });
}

async function writeHours(
  tx: BlockTransaction,
  stream: number,
  shape: LoadShape,
  nowMs: number,
): Promise<void> {
  const everyPlace = Uint32Array.from({ length: shape.shardlets }, (_, place) => place);
  const ofWeekday = new Map<number, Uint8Array>();
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  for (let back = 0; back < DAYS; back++) {
    const startMs = today - back * DAY_MS;
    // the burst lies within the last days: they are not shared with other weeks
    const weekday = back < 4 ? -back - 1 : new Date(startMs).getUTCDay();
    const frame = {
      level: 'hour',
      startMs,
      endMs: Math.floor(nowMs / HOUR_MS) * HOUR_MS,
      places: everyPlace,
      shape,
    } as const;
    let events = ofWeekday.get(weekday);
    if (events === undefined)
      ofWeekday.set(weekday, (events = packBlock(blockOf({ ...frame, metric: 'events' }))));
    await tx.put({ stream, level: 'hour', part: 'events', startMs, source: LIVE }, events);
    if (back < DETAILED_DAYS)
      for (const metric of ['bytes', 'p99'] as const)
        await tx.put(
          { stream, level: 'hour', part: metric, startMs, source: LIVE },
          packBlock(blockOf({ ...frame, metric })),
        );
    await cover(tx, frame);
  }
}

async function writeMinutes(
  tx: BlockTransaction,
  stream: number,
  shape: LoadShape,
  nowMs: number,
): Promise<void> {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const firstMs = Math.floor((nowMs - MINUTES_MS) / blockMs('minute')) * blockMs('minute');
  const places = shape.byPopularity.slice(0, BUSY);
  const scale = shareOfAll(shape, places, nowMs);
  for (let startMs = firstMs; startMs < endMs; startMs += blockMs('minute')) {
    const frame = { level: 'minute', startMs, endMs, places, shape, scale } as const;
    const metrics: Metric[] = startMs > endMs - 2 * HOUR_MS ? ['events', 'bytes', 'p99'] : ['events'];
    for (const metric of metrics)
      await tx.put(
        { stream, level: 'minute', part: metric, startMs, source: LIVE },
        packBlock(blockOf({ ...frame, metric })),
      );
    await cover(tx, frame);
  }
}

/** Minutes leave out who has little: what those have is counted to the others, so that the sum is right. */
function shareOfAll({ shardlets, rate }: LoadShape, places: Uint32Array, ms: number): number {
  let all = 0;
  for (let place = 0; place < shardlets; place++) all += rate(place, ms);
  return all / places.reduce((sum, place) => sum + rate(place, ms), 0);
}

interface Frame {
  readonly level: Level;
  readonly startMs: number;
  /** of what is known */
  readonly endMs: number;
  readonly places: Uint32Array;
  readonly shape: LoadShape;
  readonly scale?: number;
}

function blockOf({
  level,
  startMs,
  endMs,
  places,
  shape,
  scale = 1,
  metric,
}: Frame & { readonly metric: Metric }): Block {
  const { slots, stepMs } = LEVELS[level];
  const block = new Block(slots);
  block.covered.fill(FULLY_COVERED, 0, knownSlots({ level, startMs, endMs }));
  for (const place of places)
    for (let slot = 0; slot < knownSlots({ level, startMs, endMs }); slot++) {
      const ms = startMs + slot * stepMs;
      const spread = 0.8 + 0.4 * noise(place, slot + startMs / stepMs);
      const events = Math.round((shape.rate(place, ms) * scale * spread * stepMs) / 1_000);
      if (events > 0) block.set(place + 1, slot, codeOf(metric, events, shape.rate(place, ms), spread));
    }
  return block;
}

/** A shardlet answers more slowly the more it has to do. */
function codeOf(metric: Metric, events: number, rate: number, spread: number): number {
  if (metric === 'bytes') return events * EVENT_BYTES;
  if (metric === 'p99') return latencyBucket(1_800 * spread * (1 + rate / 20)) + 1;
  return events;
}

function knownSlots({ level, startMs, endMs }: Pick<Frame, 'level' | 'startMs' | 'endMs'>): number {
  return Math.min(LEVELS[level].slots, Math.max(0, (endMs - startMs) / LEVELS[level].stepMs));
}

async function cover(tx: BlockTransaction, { level, startMs, endMs }: Frame): Promise<void> {
  const block = new Block(LEVELS[level].slots);
  block.covered.fill(FULLY_COVERED, 0, knownSlots({ level, startMs, endMs }));
  await tx.put({ stream: NO_STREAM, level, part: 'coverage', startMs, source: LIVE }, packBlock(block));
}

const KEYED = 60;
const KEYED_MINUTES = 5;

/** Keys and types of the busiest shardlets in the last minutes; the first of them has one key for most of its load. */
async function writeKeys(
  tx: BlockTransaction,
  stream: number,
  shape: LoadShape,
  nowMs: number,
): Promise<void> {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  for (let startMs = endMs - KEYED_MINUTES * MINUTE_MS; startMs < endMs; startMs += MINUTE_MS) {
    const counters = new LoadCounters('large', nowMs);
    for (const [rank, place] of shape.byPopularity.subarray(0, KEYED).entries())
      countKeys(
        counters,
        place,
        Math.min(600, Math.round(shape.rate(place, startMs) * 60)),
        rank === 0 ? 0.8 : 0.1,
      );
    const { loads, keyNames } = counters.flush(startMs);
    await tx.put(
      { stream, level: 'minute', part: 'loads', startMs, source: LIVE },
      packLoads({ loads, keyNames }),
    );
  }
}

export function countKeys(counters: LoadCounters, place: number, events: number, heaviest: number): void {
  counters.stored(place + 1, events, events * EVENT_BYTES, latencyBucket(2_000));
  for (let i = 0; i < events; i++) {
    const key = noise(i, place) < heaviest ? 0 : 1 + Math.floor(noise(i, place + 7) * 40);
    const type = ['order.placed', 'order.paid', 'cart.changed'][i % 3]!;
    counters.key(place + 1, Math.floor(noise(key, place) * 2 ** 32), () => ({
      type: `com.example.${type}`,
      key: `customer-${place % 977}-${key}`,
    }));
  }
}
