/**
 * foreshard import-history: takes a trace of the past for recorded load, so that forecasts and pictures do
 * not begin with nothing. All of it is written at once or not at all; the same trace again replaces itself.
 */
import { hashKey } from '@foreshard/core/keyspace';
import { type BlockTransaction, HistoryWriter, HOUR_MS, RETENTION_DEFAULT } from '@foreshard/core/telemetry';
import { isLeaf, type Shardlet, type Stream } from '@foreshard/core/topology';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { EXIT_INTERRUPTED, interruptible } from '../interrupt.ts';
import { print } from '../output.ts';
import { recordedHere } from '../recorded-here.ts';
import { ReplayProgress } from '../replay/replay-progress.ts';
import { type HistoryFormat, type HistoryRow, type HistoryTrace, openHistory } from './history-trace.ts';

export interface ImportOptions {
  readonly trace: string;
  readonly stream: string;
  readonly shift: 'end-now' | 'none';
  readonly format?: HistoryFormat;
  readonly over: number;
  /** what a row counts, where the trace is a sample */
  readonly weight: number;
  readonly dryRun?: boolean;
  readonly remove?: boolean;
  readonly json?: boolean;
}

interface Summary {
  readonly trace: string;
  readonly stream: string;
  readonly rows: number;
  readonly rowsLeftOut: number;
  readonly rowsBeforeRetention: number;
  readonly shardlets: number;
  /** of the recorded load, after the shift */
  readonly from: string;
  readonly to: string;
  readonly shiftMs: number;
  readonly written: boolean;
}

/** What the first reading of a trace tells: a shift needs its end, spans need its step. */
interface Extent {
  readonly rows: number;
  readonly leftOut: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** the usual distance of rows of a load trace; 0 for accesses */
  readonly stepMs: number;
}

/** How rows are taken over. */
interface Taken {
  readonly shiftMs: number;
  readonly weight: number;
}

const DAY_MS = 24 * HOUR_MS;
const BAD_ROWS_SHOWN = 20;
/** Distances that are looked at for the step. */
const GAPS_MAX = 10_000;

export async function importHistory(options: ImportOptions): Promise<void> {
  const nowMs = Date.now();
  const { trace: name, format, over } = options;
  const trace = await openHistory({ trace: name, format, overMs: over * HOUR_MS, nowMs });
  await interruptible((signal) =>
    withControl(async (control) => {
      const stream = await streamOf(control, options.stream);
      const source = `import:${trace.name}`;
      if (options.remove === true) await remove(control, stream.stream, source, options);
      else {
        const work = () => run(control, stream, trace, source, options, nowMs, signal);
        await report(
          options.dryRun === true ? await work() : await recordedImport(control, options, work),
          options,
        );
      }
    }),
  );
}

function recordedImport(
  { audit }: Control,
  { trace, stream, shift, format, over, weight }: ImportOptions,
  work: () => Promise<Summary>,
): Promise<Summary> {
  const input = { trace, stream, shift, format, over, weight };
  const action = { operation: 'telemetry.importHistory', resource: 'telemetry', target: stream, input };
  return recordedHere(audit, action, work, (summary) => summary);
}

interface StreamLeaves {
  readonly stream: Stream;
  readonly leaves: readonly Shardlet[];
}

async function streamOf(control: Control, name: string): Promise<StreamLeaves> {
  const { streams, shardlets } = await control.topology.snapshot();
  const stream = streams.find((s) => s.name === name);
  if (stream === undefined) throw badInput(`there is no stream "${name}"`);
  return { stream, leaves: shardlets.filter((s) => s.stream === stream.id && isLeaf(s)) };
}

async function remove(
  control: Control,
  { id, name }: Stream,
  source: string,
  { json }: ImportOptions,
): Promise<void> {
  const removed = await recordedHere(
    control.audit,
    {
      operation: 'telemetry.removeHistory',
      resource: 'telemetry',
      target: name,
      input: { stream: name, source },
    },
    async () => {
      const blocks = await control.telemetry.exclusively('import', (tx) => tx.removeSource(id, source));
      if (blocks === undefined) throw busy();
      return blocks;
    },
    (blocksRemoved) => ({ blocksRemoved }),
  );
  const text = removed === 0 ? 'nothing of this trace was imported' : `${removed} blocks removed`;
  await print(
    json === true ? `${JSON.stringify({ stream: name, source, blocksRemoved: removed })}\n` : `${text}\n`,
  );
}

async function run(
  control: Control,
  stream: StreamLeaves,
  trace: HistoryTrace,
  source: string,
  options: ImportOptions,
  nowMs: number,
  signal: AbortSignal,
): Promise<Summary> {
  const extent = await measure(trace, signal);
  const shiftMs = options.shift === 'none' ? 0 : wholeHours(nowMs - extent.lastMs - extent.stepMs);
  const work = async (tx: BlockTransaction | undefined): Promise<Summary> => {
    await tx?.removeSource(stream.stream.id, source);
    const writer = new HistoryWriter(
      {
        stream: stream.stream.id,
        source,
        leaves: stream.leaves,
        minutesFromMs: nowMs - RETENTION_DEFAULT.minute,
        hoursFromMs: nowMs - RETENTION_DEFAULT.hour,
      },
      tx,
    );
    await load(trace, writer, extent, { shiftMs, weight: options.weight }, signal);
    if (writer.tooOld === extent.rows) throw allTooOld();
    return {
      trace: trace.name,
      stream: stream.stream.name,
      rows: extent.rows,
      rowsLeftOut: extent.leftOut,
      rowsBeforeRetention: writer.tooOld,
      shardlets: writer.shardlets.size,
      from: new Date(extent.firstMs + shiftMs).toISOString(),
      to: new Date(extent.lastMs + extent.stepMs + shiftMs).toISOString(),
      shiftMs,
      written: tx !== undefined,
    };
  };
  if (options.dryRun === true) return work(undefined);
  const summary = await control.telemetry.exclusively('import', work);
  if (summary === undefined) throw busy();
  return summary;
}

/** Whole hours keep the hours of the trace whole. */
function wholeHours(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

async function measure(trace: HistoryTrace, signal: AbortSignal): Promise<Extent> {
  const progress = new ReplayProgress('reading', 0, trace.rowCount);
  let [rows, leftOut, firstMs, lastMs, beforeMs] = [
    0,
    0,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ];
  const gaps: number[] = [];
  const bad = (line: number, reason: string): void => {
    leftOut++;
    if (leftOut <= BAD_ROWS_SHOWN) progress.note(`line ${line}: ${reason}; left out`);
  };
  try {
    for await (const chunk of trace.rows(bad)) {
      if (signal.aborted) throw stopped();
      for (const row of chunk) {
        rows++;
        firstMs = Math.min(firstMs, row.timeMs);
        lastMs = Math.max(lastMs, row.timeMs);
        if (row.kind === 'load' && row.timeMs > beforeMs && gaps.length < GAPS_MAX)
          gaps.push(row.timeMs - beforeMs);
        if (row.kind === 'load') beforeMs = row.timeMs;
      }
      progress.show(rows);
    }
  } finally {
    progress.end();
  }
  if (rows === 0) throw badInput('the trace has no row that can be understood');
  return { rows, leftOut, firstMs, lastMs, stepMs: median(gaps) };
}

async function load(
  trace: HistoryTrace,
  writer: HistoryWriter,
  { rows, firstMs, lastMs, stepMs }: Extent,
  taken: Taken,
  signal: AbortSignal,
): Promise<void> {
  const { shiftMs } = taken;
  const progress = new ReplayProgress('importing', 0, rows);
  let [done, coveredMs] = [0, firstMs + shiftMs];
  try {
    for await (const chunk of trace.rows(() => {})) {
      if (signal.aborted) throw stopped();
      for (const row of chunk) await add(writer, row, taken, stepMs);
      const last = chunk.at(-1);
      // as it goes on, so that the days that are covered are the ones in memory
      if (last?.kind === 'access' && last.timeMs + shiftMs > coveredMs) {
        await writer.cover(coveredMs, last.timeMs + shiftMs);
        coveredMs = last.timeMs + shiftMs;
      }
      progress.show((done += chunk.length));
    }
    if (stepMs === 0) await writer.cover(coveredMs, lastMs + shiftMs + 1);
    await writer.finish();
  } finally {
    progress.end();
  }
}

async function add(
  writer: HistoryWriter,
  row: HistoryRow,
  { shiftMs, weight }: Taken,
  stepMs: number,
): Promise<void> {
  const timeMs = row.timeMs + shiftMs;
  if (row.kind === 'load') {
    const toMs = timeMs + Math.max(1, stepMs);
    await writer.cover(timeMs, toMs);
    return writer.amount({ fromMs: timeMs, toMs, events: weight * row.value });
  }
  const { key, isRead, bytes } = row;
  return writer.access({
    timeMs,
    key,
    keyHash: hashKey(key),
    events: isRead ? 0 : weight,
    reads: isRead ? weight : 0,
    bytes: isRead ? 0 : weight * bytes,
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function report(summary: Summary, { json, dryRun }: ImportOptions): Promise<void> {
  if (json === true) {
    await print(`${JSON.stringify(summary)}\n`);
    return;
  }
  const { rows, rowsLeftOut, rowsBeforeRetention, shardlets, from, to, stream } = summary;
  const lines = [
    `${rows} rows over ${shardlets} shardlets of ${stream}, from ${from} to ${to} (UTC)`,
    ...(rowsLeftOut > 0 ? [`${rowsLeftOut} lines were left out`] : []),
    ...(rowsBeforeRetention > 0
      ? [`${rowsBeforeRetention} rows lie before what is kept (${RETENTION_DEFAULT.hour / DAY_MS} days)`]
      : []),
    dryRun === true ? 'nothing was written' : 'written; --remove takes it back',
  ];
  await print(`${lines.join('\n')}\n`);
}

function busy(): CommandFailure {
  return new CommandFailure('another import is under way; try again when it has ended');
}

function allTooOld(): CommandFailure {
  const days = RETENTION_DEFAULT.hour / DAY_MS;
  return badInput(`every row lies more than ${days} days back, where nothing is kept; use --shift end-now`);
}

function stopped(): CommandFailure {
  return new CommandFailure('stopped; nothing was written', EXIT_INTERRUPTED);
}
