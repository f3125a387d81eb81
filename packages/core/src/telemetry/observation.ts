/**
 * What was observed of one metric between two times, as the blocks that hold it. Hours that are not rolled
 * up yet are made of their minutes on the way, so a question about hours sees the present as well.
 */
import { type BlockColumns, blockColumns, FULLY_COVERED } from './block.ts';
import { type BlockReader, LIVE, NO_STREAM, type StoredBlock } from './block-store.ts';
import { blockMs, blockStart, floorTo, HOUR_MS, LEVELS, type Level, MINUTE_MS } from './levels.ts';
import { type AnyMetric, describeMetric, mergedCodes } from './metric.ts';
import { readSince } from './stream-since.ts';

export interface ObservationQuery {
  readonly stream: number;
  readonly metric: AnyMetric;
  readonly level: Level;
  readonly fromMs: number;
  /** exclusive; the step that holds it is whole */
  readonly toMs: number;
}

/** Codes of some steps: slot `s` is step `firstStep + s`, which may lie outside. */
export interface ObservedPart extends BlockColumns {
  readonly firstStep: number;
}

export interface Observation {
  /** start of the first step */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** observed share of each step, 0 to 1 */
  readonly covered: Float64Array;
  readonly parts: readonly ObservedPart[];
}

export async function observe(store: BlockReader, query: ObservationQuery): Promise<Observation> {
  const { stream, metric, level } = query;
  const { stepMs } = LEVELS[level];
  const fromMs = floorTo(query.fromMs, stepMs);
  const steps = Math.max(0, Math.ceil((query.toMs - fromMs) / stepMs));
  const toMs = fromMs + steps * stepMs;
  const span = { level, fromMs: blockStart(level, fromMs), toMs };
  const hosts = stream === NO_STREAM;
  const [blocks, coverage, due, sinceMs] = await Promise.all([
    store.read({ ...span, stream, parts: [metric] }),
    store.read({ ...span, stream: NO_STREAM, parts: ['coverage'] }),
    level === 'hour' ? dueHours(store, stream, fromMs, toMs) : [],
    hosts ? undefined : readSince(store, stream),
  ]);
  const place = (ms: number) => Math.round((ms - fromMs) / stepMs);
  const dueSteps = new Set(due.map(place));
  const parts = blocks.map((block) => partOf(block, place(block.startMs), dueSteps));
  const fresh = await freshHours(store, stream, metric, due, place);
  const covered = new Float64Array(steps);
  if (!hosts) {
    for (const part of [...coverage.map((b) => partOf(b, place(b.startMs), NONE)), ...fresh.coverage])
      cover(covered, part);
    uncoverBefore(covered, ((sinceMs ?? toMs) - fromMs) / stepMs);
  }
  // an import knows of its own times, also when the stream was made later
  for (const part of [...parts, ...fresh.parts]) if (!hosts || part.ids.length > 0) cover(covered, part);
  return { fromMs, stepMs, steps, covered, parts: [...parts, ...fresh.parts] };
}

/** `step` may lie within one: of that only what comes after it was observed. */
function uncoverBefore(covered: Float64Array, step: number): void {
  const whole = Math.floor(Math.max(0, step));
  covered.fill(0, 0, whole);
  if (step > whole && whole < covered.length) covered[whole] = Math.min(covered[whole]!, 1 - (step - whole));
}

const NONE: ReadonlySet<number> = new Set();

/** A block without the hours that are due: they are made anew. */
function partOf(block: StoredBlock, firstStep: number, due: ReadonlySet<number>): ObservedPart {
  const columns = blockColumns(block.bytes);
  if (block.source === LIVE && due.size > 0) {
    const { slots, codes, ids } = columns;
    for (let slot = 0; slot < slots; slot++)
      if (due.has(firstStep + slot)) for (let i = 0; i < ids.length; i++) codes[i * slots + slot] = 0;
  }
  return { ...columns, firstStep };
}

function cover(covered: Float64Array, { covered: percent, firstStep }: ObservedPart): void {
  percent.forEach((share, slot) => {
    const step = firstStep + slot;
    if (step >= 0 && step < covered.length) covered[step] = Math.max(covered[step]!, share / FULLY_COVERED);
  });
}

async function dueHours(store: BlockReader, stream: number, fromMs: number, toMs: number): Promise<number[]> {
  const query = { level: 'hour', parts: ['due'], fromMs, toMs } as const;
  const rows = await Promise.all(
    [...new Set([stream, NO_STREAM])].map((of) => store.read({ ...query, stream: of })),
  );
  return [...new Set(rows.flat().map((row) => row.startMs))].sort((a, b) => a - b);
}

interface FreshHours {
  readonly parts: ObservedPart[];
  readonly coverage: ObservedPart[];
}

/** Neighbouring hours are read at once; after a long standstill there are many. */
async function freshHours(
  store: BlockReader,
  stream: number,
  metric: AnyMetric,
  hours: readonly number[],
  place: (ms: number) => number,
): Promise<FreshHours> {
  const fresh: FreshHours = { parts: [], coverage: [] };
  for (const hour of hours) {
    const span = { level: 'minute', fromMs: blockStart('minute', hour), toMs: hour + HOUR_MS } as const;
    const [blocks, coverage] = await Promise.all([
      store.read({ ...span, stream, parts: [metric] }),
      store.read({ ...span, stream: NO_STREAM, parts: ['coverage'] }),
    ]);
    const live = blocks.filter((b) => b.source === LIVE);
    fresh.parts.push({ ...hourOf(metric, hour, live), firstStep: place(hour) });
    fresh.coverage.push({ ...hourOf(metric, hour, coverage), firstStep: place(hour) });
  }
  return fresh;
}

/** The minutes of one hour, as one slot. */
export function hourOf(metric: AnyMetric, hourMs: number, minutes: readonly StoredBlock[]): BlockColumns {
  const merged = new Map<number, { code: number; minutes: number }>();
  const isMean = describeMetric(metric).merging === 'mean';
  let coveredMinutes = 0;
  for (const block of minutes) {
    const { ids, codes, covered, slots } = blockColumns(block.bytes);
    for (let slot = 0; slot < slots; slot++) {
      if (floorTo(block.startMs + slot * MINUTE_MS, HOUR_MS) !== hourMs) continue;
      coveredMinutes += covered[slot]!;
      for (let i = 0; i < ids.length; i++) {
        const code = codes[i * slots + slot]!;
        if (code === 0) continue;
        const known = merged.get(ids[i]!);
        if (known === undefined) merged.set(ids[i]!, { code, minutes: 1 });
        else {
          known.code = isMean ? known.code + code : mergedCodes(metric, known.code, code);
          known.minutes++;
        }
      }
    }
  }
  const share = Math.ceil((coveredMinutes * MINUTE_MS) / HOUR_MS);
  const codeOf = (m: { code: number; minutes: number }) => (isMean ? Math.round(m.code / m.minutes) : m.code);
  return {
    slots: 1,
    covered: Uint8Array.of(Math.min(FULLY_COVERED, share)),
    ids: Float64Array.from(merged.keys()),
    codes: Float64Array.from([...merged.values()].map(codeOf)),
  };
}

/** The finest level that still has the time and gives a picture of sensible size. */
export function levelFor(fromMs: number, toMs: number, nowMs: number, minutesKeptMs: number): Level {
  const isShort = toMs - fromMs <= MINUTES_SPAN_MAX_MS;
  return isShort && fromMs >= nowMs - minutesKeptMs + blockMs('minute') ? 'minute' : 'hour';
}

/** A day of minutes is more than a screen has columns. */
const MINUTES_SPAN_MAX_MS = 26 * HOUR_MS;
