/**
 * foreshard replay: plays a trace through the real edge, at N times its own speed, and reads everything
 * back: sent = acknowledged = stored, each key in its order, the log in its order. Stopped, it goes on where
 * it was.
 */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { ForeshardError } from '@foreshard/client/source';
import { dataDir, edgeAccess } from '../credentials.ts';
import { asFailure, type Edge, openEdge, reasonOf } from '../events/edge.ts';
import { badInput, CommandFailure, EXIT_BAD_INPUT } from '../failure.ts';
import { EXIT_INTERRUPTED, interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';
import { openCsv } from './csv-trace.ts';
import { openFlights } from './flights-trace.ts';
import { type Played, play } from './play.ts';
import { durationText, ReplayProgress } from './replay-progress.ts';
import { type ReplayState, StateFile } from './replay-state.ts';
import { type ReplaySummary, sentences, summaryOf } from './summary.ts';
import type { Trace } from './trace.ts';
import { verify } from './verify.ts';

export interface ReplayOptions {
  readonly trace: string;
  readonly stream: string;
  /** `Infinity`: as fast as the edge takes it */
  readonly speed: number;
  readonly limit?: number;
  readonly fresh?: boolean;
  readonly verifyOnly?: boolean;
  readonly json?: boolean;
}

export const FLIGHTS = 'flights';
/** Requests under way at the same time. */
const LANES = 8;
const BAD_ROWS_SHOWN = 20;
const RUN_ID_CHARS = 8;

export async function replay(options: ReplayOptions): Promise<void> {
  const access = edgeAccess();
  const trace = await openTrace(options.trace);
  const path = options.trace === FLIGHTS ? FLIGHTS : resolve(options.trace);
  const file = new StateFile(dataDir(), { trace: path, stream: options.stream, edgeUrl: access.edgeUrl });
  const waiting = { note: (_: string): void => {} };
  const edge = openEdge(access, LANES, {
    onRetry: ({ error }) => {
      if (error instanceof ForeshardError) waiting.note(`waiting: ${reasonOf(error)}`);
    },
  });
  try {
    await interruptible(async (signal) => {
      const state = await initialState(file, trace, edge, { ...options, path, edgeUrl: access.edgeUrl });
      const run = new Run(trace, file, edge, waiting, options, signal);
      await report(await run.run(state), options);
    });
  } finally {
    await edge.close();
  }
}

async function openTrace(name: string): Promise<Trace> {
  return name === FLIGHTS ? await openFlights() : openCsv(name);
}

async function initialState(
  file: StateFile,
  trace: Trace,
  edge: Edge,
  { path, edgeUrl, stream, fresh, verifyOnly }: ReplayOptions & { path: string; edgeUrl: string },
): Promise<ReplayState> {
  const known = fresh === true ? undefined : file.read();
  if (known !== undefined) return known;
  if (verifyOnly === true)
    throw badInput('nothing of this trace was replayed into this stream: there is nothing to verify');
  const { next: from } = await edge
    .reader()
    .page({ stream, from: 'now', limit: 1 })
    .catch((error: unknown) => {
      throw asFailure(error);
    });
  const source = `/traces/${trace.name}/${randomUUID().slice(0, RUN_ID_CHARS)}`;
  const state = { trace: path, stream, edgeUrl, source, from, acknowledged: 0, ahead: [], leftOut: 0 };
  // before the first event: a replay that is killed then has its source
  file.write(state);
  return state;
}

/** Who tells people that the edge is waited for. */
interface Waiting {
  note: (text: string) => void;
}

class Run {
  private readonly trace: Trace;
  private readonly file: StateFile;
  private readonly edge: Edge;
  private readonly waiting: Waiting;
  private readonly options: ReplayOptions;
  private readonly signal: AbortSignal;

  constructor(
    trace: Trace,
    file: StateFile,
    edge: Edge,
    waiting: Waiting,
    options: ReplayOptions,
    signal: AbortSignal,
  ) {
    this.trace = trace;
    this.file = file;
    this.edge = edge;
    this.waiting = waiting;
    this.options = options;
    this.signal = signal;
  }

  async run(state: ReplayState): Promise<ReplaySummary> {
    const startedMs = performance.now();
    const played = this.options.verifyOnly === true ? verifyingOnly(state) : await this.play(state);
    if (played.sent === undefined) throw stopped(played.state);
    const sentMs = performance.now();
    const read = await this.verify(played.state);
    return summaryOf({
      trace: this.trace,
      played,
      read,
      acknowledgedBefore: state.acknowledged + state.ahead.length,
      sendSeconds: (sentMs - startedMs) / 1_000,
      readSeconds: (performance.now() - sentMs) / 1_000,
    });
  }

  private async play(state: ReplayState): Promise<Played> {
    const { speed, limit = Number.POSITIVE_INFINITY } = this.options;
    const total = Math.min(limit, this.trace.rowCount ?? limit);
    const start = state.acknowledged + state.ahead.length;
    if (start > 0) note(`going on after row ${state.acknowledged}; --fresh begins anew`);
    const progress = new ReplayProgress('sending', start, Number.isFinite(total) ? total : undefined);
    this.waiting.note = (text) => progress.note(text);
    try {
      return await play(this.trace, state, {
        producer: this.edge.producer({ stream: state.stream, requestsMax: LANES }),
        speed,
        limit,
        signal: this.signal,
        save: (s) => this.file.write(s),
        onProgress: (count) => progress.show(count),
        note: (text) => progress.note(text),
      });
    } finally {
      this.waiting.note = () => {};
      progress.end();
    }
  }

  private async verify(state: ReplayState) {
    const progress = new ReplayProgress('reading back', 0, state.acknowledged);
    try {
      const { edge, signal } = this;
      return await verify(state, {
        reader: edge.reader(),
        signal,
        onProgress: (count) => progress.show(count),
      });
    } catch (error) {
      throw this.signal.aborted ? stopped(state) : error;
    } finally {
      progress.end();
    }
  }
}

/** What was sent before is what was acknowledged. */
function verifyingOnly(state: ReplayState): Played {
  const sent = state.acknowledged - state.leftOut + state.ahead.length;
  return { state, sent, refused: 0, rowsBackInTime: 0 };
}

function stopped({ acknowledged }: ReplayState): CommandFailure {
  return new CommandFailure(
    `stopped after row ${acknowledged}; the same command goes on from there`,
    EXIT_INTERRUPTED,
  );
}

async function report(summary: ReplaySummary, { json }: ReplayOptions): Promise<void> {
  const { badRows, mismatches, examples } = summary;
  for (const { line, reason } of badRows.slice(0, BAD_ROWS_SHOWN)) note(`line ${line}: ${reason}`);
  if (badRows.length > BAD_ROWS_SHOWN) note(`and ${badRows.length - BAD_ROWS_SHOWN} more lines`);
  for (const sentence of sentences(summary, durationText)) note(sentence);
  if (json === true) await print(`${JSON.stringify(summary)}\n`);
  if (mismatches.length > 0)
    throw new CommandFailure([`MISMATCH: ${mismatches.join('; ')}`, ...examples].join('\n  '));
  if (badRows.length > 0)
    throw new CommandFailure(`${badRows.length} lines of the trace are no events`, EXIT_BAD_INPUT);
}
