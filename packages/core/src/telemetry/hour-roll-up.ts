/**
 * Hours are made of their minutes, whole, whenever a minute of them has changed: doing it twice changes
 * nothing. Quantiles and distinct keys come from the merged sketches of the minutes; where those are gone
 * (a flush that came hours late) the hour keeps what it had, or the highest of its minutes.
 */
import { FULLY_COVERED } from './block.ts';
import { type BlockTransaction, LIVE, NO_STREAM, type StoredBlock } from './block-store.ts';
import { blockStart, HOUR_MS, MINUTE_MS, slotOf } from './levels.ts';
import { describeMetric, HOST_METRIC_NAMES, type HostMetric, METRIC_NAMES, type Metric } from './metric.ts';
import { changeBlock, codeOf, liveKey, SKETCHES_KEPT_MS } from './minute-roll-up.ts';
import { hourOf } from './observation.ts';
import { type NamedLoads, newNamedLoads, packKeys, unpackLoads } from './shardlet-load.ts';

/** An hour is rolled up when its last minute has surely been written. */
const SETTLED_MS = 3 * MINUTE_MS;

export interface DueHour {
  readonly stream: number;
  readonly startMs: number;
}

export function isDue(hour: DueHour, nowMs: number): boolean {
  return hour.startMs + HOUR_MS + SETTLED_MS <= nowMs;
}

export async function rollUpHour(tx: BlockTransaction, hour: DueHour, nowMs: number): Promise<void> {
  const { stream, startMs } = hour;
  if (stream === NO_STREAM) {
    await rollUpCoverage(tx, startMs);
    for (const metric of HOST_METRIC_NAMES) await rollUpHosts(tx, metric, startMs);
  } else await rollUpLoads(tx, hour, nowMs);
  await tx.remove(liveKey({ stream, level: 'hour', part: 'due', startMs }));
}

async function rollUpLoads(tx: BlockTransaction, { stream, startMs }: DueHour, nowMs: number): Promise<void> {
  const sketches =
    startMs >= nowMs - SKETCHES_KEPT_MS - HOUR_MS ? await sketchesOf(tx, stream, startMs) : undefined;
  for (const metric of METRIC_NAMES) {
    const { ids, codes } = hourOf(metric, startMs, await liveMinutes(tx, stream, metric, startMs));
    const isSketched = describeMetric(metric).merging !== 'sum';
    await changeBlock(tx, stream, 'hour', metric, startMs, (block) => {
      const slot = slotOf('hour', startMs);
      for (const [i, id] of ids.entries()) {
        const code = codes[i]!;
        const load = isSketched ? sketches?.loads.get(id) : undefined;
        const kept = isSketched ? Math.max(block.get(id, slot), code) : code;
        block.set(id, slot, load === undefined ? kept : codeOf(metric, load));
      }
    });
  }
  if (sketches !== undefined)
    await tx.put(liveKey({ stream, level: 'hour', part: 'keys', startMs }), packKeys(sketches));
}

/** Undefined when the sketches of the hour are not whole any more. One minute at a time: they are large. */
async function sketchesOf(
  tx: BlockTransaction,
  stream: number,
  startMs: number,
): Promise<NamedLoads | undefined> {
  const loads = newNamedLoads();
  let minutes = 0;
  for (let at = startMs; at < startMs + HOUR_MS; at += MINUTE_MS) {
    const bytes = await tx.get(liveKey({ stream, level: 'minute', part: 'loads', startMs: at }));
    if (bytes === undefined) continue;
    unpackLoads(bytes, loads);
    minutes++;
  }
  return minutes === 0 ? undefined : loads;
}

async function liveMinutes(
  tx: BlockTransaction,
  stream: number,
  part: Metric | HostMetric | 'coverage',
  startMs: number,
): Promise<StoredBlock[]> {
  const fromMs = blockStart('minute', startMs);
  const rows = await tx.read({ stream, level: 'minute', parts: [part], fromMs, toMs: startMs + HOUR_MS });
  return rows.filter(({ source }) => source === LIVE);
}

async function rollUpHosts(tx: BlockTransaction, metric: HostMetric, startMs: number): Promise<void> {
  const { ids, codes } = hourOf(metric, startMs, await liveMinutes(tx, NO_STREAM, metric, startMs));
  if (ids.length === 0) return;
  await changeBlock(tx, NO_STREAM, 'hour', metric, startMs, (block) => {
    const slot = slotOf('hour', startMs);
    block.covered[slot] = FULLY_COVERED;
    for (const [i, id] of ids.entries()) block.set(id, slot, codes[i]!);
  });
}

async function rollUpCoverage(tx: BlockTransaction, startMs: number): Promise<void> {
  // the name of the metric matters only to codes, and coverage has none
  const { covered } = hourOf('events', startMs, await liveMinutes(tx, NO_STREAM, 'coverage', startMs));
  await changeBlock(tx, NO_STREAM, 'hour', 'coverage', startMs, (block) => {
    block.covered[slotOf('hour', startMs)] = covered[0]!;
  });
}
