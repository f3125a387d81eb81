/**
 * Load of an external cluster into the store that forecasts and pictures read: each measurement holds until the next
 * one of its partition, minute by minute as far back as minutes are kept, hour by hour before. While others are told of, a
 * partition that is not had no load; while none is, nobody looked.
 */
import {
  type BlockTransaction,
  floorTo,
  HistoryWriter,
  HOUR_MS,
  MINUTE_MS,
  RETENTION_DEFAULT,
} from '../telemetry/index.ts';
import type { ExternalCluster } from './description.ts';
import { streamIdOf, topologyOf } from './external-map.ts';
import type { Extent, LoadRow } from './load-rows.ts';

/** One name for all imports of a cluster: they are removed together. */
export const EXTERNAL_SOURCE = 'import:external';
/** A measurement that is missing for longer than this many steps is missing, not the same as before. */
const STEPS_HELD = 3;

/** REQUIRES rows in order. Answers how many lie wholly before what is kept. */
export async function writeLoad(
  cluster: ExternalCluster,
  rows: readonly LoadRow[],
  { stepMs }: Extent,
  tx: BlockTransaction,
  nowMs: number,
): Promise<number> {
  const { shardlets } = topologyOf(cluster);
  const byNumber = new Map(cluster.partitions.map(({ name }, i) => [name, shardlets[i]!]));
  const minutesFromMs = nowMs - RETENTION_DEFAULT.minute;
  const hoursFromMs = nowMs - RETENTION_DEFAULT.hour;
  const options = { stream: streamIdOf(cluster), source: EXTERNAL_SOURCE, leaves: shardlets };
  const writer = new HistoryWriter({ ...options, minutesFromMs, hoursFromMs }, tx);
  const left = new Map<string, Carry>();
  let tooOld = 0;
  let coveredToMs = Number.NEGATIVE_INFINITY;
  for (const { row, untilMs } of spansOf(rows, stepMs)) {
    if (untilMs <= hoursFromMs) {
      tooOld++;
      continue;
    }
    if (untilMs > coveredToMs) {
      await writer.cover(Math.max(row.timeMs, coveredToMs), untilMs);
      coveredToMs = untilMs;
    }
    const keyHash = byNumber.get(row.partition)!.range.from.hi;
    const carry = left.get(row.partition) ?? { events: 0, bytes: 0 };
    left.set(row.partition, carry);
    for (let at = Math.max(row.timeMs, hoursFromMs); at < untilMs; ) {
      const stepMs = at < minutesFromMs ? HOUR_MS : MINUTE_MS;
      const end = Math.min(untilMs, floorTo(at, stepMs) + stepMs);
      const seconds = (end - at) / 1_000;
      const events = whole(carry, 'events', row.eventsPerSecond * seconds);
      const bytes = whole(carry, 'bytes', (row.bytesPerSecond ?? 0) * seconds);
      if (events + bytes > 0)
        await writer.access({ timeMs: at, keyHash, key: row.partition, events, reads: 0, bytes });
      at = end;
    }
  }
  await writer.finish();
  return tooOld;
}

interface Carry {
  events: number;
  bytes: number;
}

/** Whole events only; what is left of one goes to the next step, so that the sum stays right. */
function whole(carry: Carry, what: keyof Carry, amount: number): number {
  const due = carry[what] + amount;
  const count = Math.floor(due + ROUNDING);
  carry[what] = due - count;
  return count;
}

const ROUNDING = 1e-9;

/** How long each measurement holds. */
function* spansOf(rows: readonly LoadRow[], stepMs: number) {
  const next = new Map<string, number>();
  const untils = new Float64Array(rows.length);
  for (let i = rows.length - 1; i >= 0; i--) {
    const { partition, timeMs } = rows[i]!;
    const following = next.get(partition) ?? timeMs + stepMs;
    untils[i] = following - timeMs > STEPS_HELD * stepMs ? timeMs + stepMs : following;
    next.set(partition, timeMs);
  }
  for (const [i, row] of rows.entries()) yield { row, untilMs: untils[i]! };
}
