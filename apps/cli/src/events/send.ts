/** foreshard send: stores the CloudEvents of an NDJSON file or of stdin, in order per key. */
import { isUtf8 } from 'node:buffer';
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { ForeshardError, type Producer } from '@foreshard/client/source';
import { type EdgeAccess, edgeAccess } from '../credentials.ts';
import { badInput, CommandFailure, EXIT_BAD_INPUT } from '../failure.ts';
import { EXIT_INTERRUPTED, interruptible } from '../interrupt.ts';
import { print, progressOutput, writeErr } from '../output.ts';
import { openEdge, reasonOf } from './edge.ts';
import { LineProgress } from './line-progress.ts';
import { linesOf } from './lines.ts';
import { PlacedSender, type Settled } from './placed-sender.ts';

export interface SendOptions {
  readonly stream: string;
  readonly json?: boolean;
}

export interface SendSummary {
  readonly lines: number;
  readonly stored: number;
  readonly duplicates: number;
  /** lines that are no events, or that the edge refused for good */
  readonly refused: number;
  readonly seconds: number;
}

/** Requests under way at the same time: enough to fill the time an edge waits for its hosts. */
const LANES = 8;

export async function send(file: string, options: SendOptions): Promise<void> {
  const input = inputOf(file);
  const access: EdgeAccess = edgeAccess();
  const progress = new LineProgress(progressOutput);
  const report = (line: string): void => progress.interrupt(line);
  const edge = openEdge(access, LANES, {
    onRetry: ({ error }) => {
      if (error instanceof ForeshardError) report(`waiting: ${reasonOf(error)}`);
    },
  });
  try {
    const producer = edge.producer({ stream: options.stream, requestsMax: LANES });
    const { summary, finished } = await interruptible((signal) =>
      sendLines(input, producer, { report, progress, signal }),
    );
    progress.end();
    writeErr(`${sentence(summary)}\n`);
    if (options.json === true) await print(`${JSON.stringify(summary)}\n`);
    if (!finished)
      throw new CommandFailure('stopped; sending the file again stores nothing twice', EXIT_INTERRUPTED);
    if (summary.refused > 0)
      throw new CommandFailure(`${summary.refused} lines were not stored`, EXIT_BAD_INPUT);
  } finally {
    await edge.close();
  }
}

function inputOf(file: string): Readable {
  if (file === '-') return process.stdin;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw badInput(`there is no file ${file}`);
  if (found.isDirectory()) throw badInput(`${file} is a folder`);
  return createReadStream(file);
}

export interface SendParts {
  readonly report: (line: string) => void;
  readonly progress: Pick<LineProgress, 'show'>;
  readonly signal: AbortSignal;
}

export async function sendLines(
  input: Readable,
  producer: Producer,
  { report, progress, signal }: SendParts,
): Promise<{ summary: SendSummary; finished: boolean }> {
  const startedMs = performance.now();
  const counts = { lines: 0, stored: 0, duplicates: 0, refused: 0 };
  const refuse = (line: number, why: string): void => {
    counts.refused++;
    report(`line ${line}: ${why}`);
  };
  const onSettled = (place: number, settled: Settled): void => {
    if ('refused' in settled) refuse(place, settled.refused);
    else if (settled.status === 'stored') counts.stored++;
    else counts.duplicates++;
  };
  const sender = new PlacedSender(producer, onSettled);
  const stopReading = (): unknown => input.destroy();
  signal.addEventListener('abort', stopReading);
  try {
    for await (const bytes of linesOf(input)) {
      if (signal.aborted) break;
      const place = ++counts.lines;
      const line = bytes.toString();
      if (line.trim() === '') continue;
      const key = isUtf8(bytes) ? keyOf(line) : undefined;
      if (key !== undefined) sender.push({ key, body: line, place });
      else refuse(place, isUtf8(bytes) ? 'this is no JSON object' : 'this is not UTF-8');
      if (sender.isFull) await sender.room();
      progress.show(() => `${counts.stored + counts.duplicates} events stored`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stopReading);
  }
  if (signal.aborted) await sender.stop();
  else await sender.drained();
  const seconds = Math.round(performance.now() - startedMs) / 1_000;
  return { summary: { ...counts, seconds }, finished: !signal.aborted };
}

/** Only to keep lines of one key in order; what makes an event valid is for the edge to judge. */
function keyOf(line: string): string | undefined {
  try {
    const event = JSON.parse(line);
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return undefined;
    return String(event.partitionkey ?? event.subject ?? event.source ?? '');
  } catch {
    return undefined;
  }
}

function sentence({ lines, stored, duplicates, refused, seconds }: SendSummary): string {
  const rate = seconds > 0 ? `, ${Math.round((stored + duplicates) / seconds)} events/s` : '';
  return `${lines} lines: ${stored} stored, ${duplicates} were there already, ${refused} refused (${seconds} s${rate})`;
}
