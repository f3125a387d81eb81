/**
 * Accesses as one row an hour: per target and group the counts of its sixty minutes, its durations and the
 * instances that asked most. Targets beyond a bound are counted together, so that a query layer that names
 * every request cannot fill the database.
 */
import { type AccessRecord, type InstanceRecord, instanceRecordSchema } from './access-records.ts';
import { type BlockReader, type BlockTransaction, LIVE, NO_STREAM } from './block-store.ts';
import { floorTo, HOUR_MS, MINUTE_MS } from './levels.ts';
import { liveKey } from './minute-roll-up.ts';
import { ByteReader, ByteWriter } from './packing.ts';

export type TargetKind = 'key' | 'metric';

export interface AccessTarget {
  readonly kind: TargetKind;
  /** empty: all targets beyond the bound */
  readonly name: string;
}

export interface TargetAccesses extends AccessTarget {
  readonly group: string;
  readonly accesses: number;
  /** of the accesses that told a duration */
  readonly meanDurationMs: number | undefined;
  readonly maxDurationMs: number | undefined;
}

const TARGETS_PER_HOUR_MAX = 2_000;
const MINUTES = HOUR_MS / MINUTE_MS;
const MICROS = 1_000;

interface Entry extends AccessTarget {
  readonly group: string;
  readonly minutes: Float64Array;
  timed: number;
  durationMicros: number;
  maxMicros: number;
}

type Entries = Map<string, Entry>;

/** Adds records to what is stored of their hours. Answers how many are older than `fromMs`. */
export async function rollUpAccesses(
  tx: BlockTransaction,
  records: readonly AccessRecord[],
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<number> {
  const hours = new Map<number, AccessRecord[]>();
  let outside = 0;
  for (const record of records) {
    const atMs = Date.parse(record.time);
    if (atMs < span.fromMs || atMs > span.toMs) outside++;
    else hours.set(floorTo(atMs, HOUR_MS), [...(hours.get(floorTo(atMs, HOUR_MS)) ?? []), record]);
  }
  for (const [startMs, ofHour] of hours) {
    const key = liveKey({ stream: NO_STREAM, level: 'hour', part: 'accesses', startMs });
    const entries: Entries = new Map();
    const known = await tx.get(key);
    if (known !== undefined) addPacked(known, entries);
    for (const record of ofHour) addRecord(entries, record);
    await tx.put(key, pack(entries));
  }
  return outside;
}

function addRecord(
  entries: Entries,
  { metric, key, group, time, frequency, durationMs }: AccessRecord,
): void {
  const target: AccessTarget =
    key === undefined ? { kind: 'metric', name: metric! } : { kind: 'key', name: key };
  const entry = entryOf(entries, target, group);
  entry.minutes[Math.floor((Date.parse(time) % HOUR_MS) / MINUTE_MS)]! += frequency;
  if (durationMs === undefined) return;
  const micros = Math.round(durationMs * MICROS);
  entry.timed += frequency;
  entry.durationMicros += micros * frequency;
  entry.maxMicros = Math.max(entry.maxMicros, micros);
}

function entryOf(entries: Entries, target: AccessTarget, group: string): Entry {
  const isOver = entries.size >= TARGETS_PER_HOUR_MAX;
  const wanted = { ...target, group };
  const id = JSON.stringify([wanted.kind, wanted.name, group]);
  const known = entries.get(id);
  if (known !== undefined) return known;
  if (isOver && (target.name !== '' || group !== '')) return entryOf(entries, { ...target, name: '' }, '');
  const entry = { ...wanted, minutes: new Float64Array(MINUTES), timed: 0, durationMicros: 0, maxMicros: 0 };
  entries.set(id, entry);
  return entry;
}

function pack(entries: Entries): Uint8Array {
  const out = new ByteWriter();
  out.uint(entries.size);
  for (const { kind, name, group, minutes, timed, durationMicros, maxMicros } of entries.values()) {
    out.uint(Number(kind === 'metric'));
    out.text(name);
    out.text(group);
    for (const count of minutes) out.uint(count);
    for (const value of [timed, durationMicros, maxMicros]) out.uint(value);
  }
  return out.finish();
}

function addPacked(bytes: Uint8Array, entries: Entries): void {
  const input = new ByteReader(bytes);
  for (let left = input.uint(); left > 0; left--) {
    const kind = input.uint() === 1 ? 'metric' : 'key';
    const entry = entryOf(entries, { kind, name: input.text() }, input.text());
    for (let minute = 0; minute < MINUTES; minute++) entry.minutes[minute]! += input.uint();
    entry.timed += input.uint();
    entry.durationMicros += input.uint();
    entry.maxMicros = Math.max(entry.maxMicros, input.uint());
  }
}

/** Keeps what instances have told: the last word on each of their runs. */
export async function rollUpInstances(
  tx: BlockTransaction,
  records: readonly InstanceRecord[],
  reportedMs: number,
): Promise<void> {
  const key = liveKey({
    stream: NO_STREAM,
    level: 'hour',
    part: 'instances',
    startMs: floorTo(reportedMs, HOUR_MS),
  });
  const known = await tx.get(key);
  const runs = new Map<string, InstanceRecord>();
  for (const record of [...(known === undefined ? [] : instancesOf(known)), ...records]) addRun(runs, record);
  await tx.put(key, new TextEncoder().encode(JSON.stringify([...runs.values()])));
}

function addRun(runs: Map<string, InstanceRecord>, record: InstanceRecord): void {
  const id = JSON.stringify([record.id, Date.parse(record.started)]);
  runs.set(id, { ...runs.get(id), ...record });
}

function instancesOf(bytes: Uint8Array): InstanceRecord[] {
  return instanceRecordSchema.array().parse(JSON.parse(new TextDecoder().decode(bytes)));
}

export interface AccessQuery {
  readonly fromMs: number;
  readonly toMs: number;
}

async function entriesOf(
  blocks: BlockReader,
  startMs: number,
  toMs: number,
): Promise<(Entry & { startMs: number })[]> {
  const query = { stream: NO_STREAM, level: 'hour', parts: ['accesses'], fromMs: startMs, toMs } as const;
  const rows = await blocks.read(query);
  return rows.flatMap((row) => {
    const entries: Entries = new Map();
    addPacked(row.bytes, entries);
    return [...entries.values()].map((entry) => ({ ...entry, startMs: row.startMs }));
  });
}

/** Accesses to one target, per step; of one group or of all. Zero where nothing was told. */
export async function accessSeries(
  blocks: BlockReader,
  query: AccessQuery & {
    readonly target?: AccessTarget;
    readonly group?: string;
    readonly step: 'minute' | 'hour';
  },
): Promise<{ readonly fromMs: number; readonly stepMs: number; readonly values: Float64Array }> {
  const { target, group, step } = query;
  const stepMs = step === 'minute' ? MINUTE_MS : HOUR_MS;
  const fromMs = floorTo(query.fromMs, stepMs);
  const values = new Float64Array(Math.max(0, Math.ceil((query.toMs - fromMs) / stepMs)));
  for (const entry of await entriesOf(blocks, floorTo(fromMs, HOUR_MS), query.toMs)) {
    if (target !== undefined && (entry.kind !== target.kind || entry.name !== target.name)) continue;
    if (group !== undefined && entry.group !== group) continue;
    entry.minutes.forEach((count, minute) => {
      const at = Math.floor((entry.startMs + minute * MINUTE_MS - fromMs) / stepMs);
      if (at >= 0 && at < values.length) values[at]! += count;
    });
  }
  return { fromMs, stepMs, values };
}

/** The most accessed targets, by target and group. */
export async function topAccesses(
  blocks: BlockReader,
  { fromMs, toMs, n }: AccessQuery & { readonly n: number },
): Promise<TargetAccesses[]> {
  const merged: Entries = new Map();
  for (const entry of await entriesOf(blocks, floorTo(fromMs, HOUR_MS), toMs)) {
    const id = JSON.stringify([entry.kind, entry.name, entry.group]);
    const known = merged.get(id);
    if (known === undefined) merged.set(id, entry);
    else {
      entry.minutes.forEach((count, minute) => {
        known.minutes[minute]! += count;
      });
      known.timed += entry.timed;
      known.durationMicros += entry.durationMicros;
      known.maxMicros = Math.max(known.maxMicros, entry.maxMicros);
    }
  }
  return [...merged.values()]
    .map(({ kind, name, group, minutes, timed, durationMicros, maxMicros }) => ({
      kind,
      name,
      group,
      accesses: minutes.reduce((sum, count) => sum + count, 0),
      meanDurationMs: timed === 0 ? undefined : durationMicros / timed / MICROS,
      maxDurationMs: timed === 0 ? undefined : maxMicros / MICROS,
    }))
    .sort((a, b) => b.accesses - a.accesses || (a.name < b.name ? -1 : 1))
    .slice(0, n);
}

/** The runs of instances that were told in the span: groups that scale, and when. */
export async function instanceRuns(
  blocks: BlockReader,
  { fromMs, toMs }: AccessQuery,
): Promise<InstanceRecord[]> {
  const rows = await blocks.read({
    stream: NO_STREAM,
    level: 'hour',
    parts: ['instances'],
    fromMs: floorTo(fromMs, HOUR_MS),
    toMs,
  });
  const runs = new Map<string, InstanceRecord>();
  for (const row of rows.filter(({ source }) => source === LIVE))
    for (const record of instancesOf(row.bytes)) addRun(runs, record);
  return [...runs.values()];
}
