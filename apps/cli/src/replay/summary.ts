/** What came of a replay, for people and for programs. */
import type { Played } from './play.ts';
import { mismatches, type ReadBackReport } from './read-back.ts';
import type { BadRow, Trace } from './trace.ts';

export interface ReplaySummary {
  readonly trace: string;
  readonly stream: string;
  readonly source: string;
  /** rows of the trace that are events and were to be sent, in this run or before */
  readonly sent: number;
  readonly acknowledged: number;
  /** distinct ones found when read back */
  readonly stored: number;
  readonly duplicates: number;
  readonly perKeyOrderKept: boolean;
  readonly globalOrderKept: boolean;
  readonly sendSeconds: number;
  /** of this run */
  readonly eventsPerSecond: number;
  readonly readSeconds: number;
  readonly rowsBackInTime: number;
  readonly badRows: readonly BadRow[];
  readonly ok: boolean;
  readonly mismatches: readonly string[];
  readonly examples: readonly string[];
}

export interface SummaryParts {
  readonly trace: Pick<Trace, 'name' | 'badRows'>;
  readonly played: Played;
  readonly read: ReadBackReport;
  readonly acknowledgedBefore: number;
  readonly sendSeconds: number;
  readonly readSeconds: number;
}

/** REQUIRES a run that was not stopped. */
export function summaryOf(parts: SummaryParts): ReplaySummary {
  const { trace, played, read, acknowledgedBefore, sendSeconds, readSeconds } = parts;
  const { state, sent = 0, refused, rowsBackInTime } = played;
  const acknowledged = state.acknowledged - state.leftOut + state.ahead.length;
  // what was acknowledged beyond a gap is found beyond it, too
  const stored = read.stored + Math.min(read.beyond, state.ahead.length);
  const wrong = mismatches(read);
  if (acknowledged !== sent) wrong.unshift(`${sent} rows were sent, ${acknowledged} acknowledged`);
  if (refused > 0) wrong.unshift(`${refused} rows were refused`);
  const sentNow = acknowledged + state.leftOut - acknowledgedBefore;
  return {
    trace: trace.name,
    stream: state.stream,
    source: state.source,
    sent,
    acknowledged,
    stored,
    duplicates: read.duplicates,
    perKeyOrderKept: read.perKeyOrderKept,
    globalOrderKept: read.globalOrderKept,
    sendSeconds: rounded(sendSeconds),
    eventsPerSecond: sendSeconds > 0 ? Math.round(sentNow / sendSeconds) : 0,
    readSeconds: rounded(readSeconds),
    rowsBackInTime,
    badRows: trace.badRows,
    ok: wrong.length === 0,
    mismatches: wrong,
    examples: read.examples,
  };
}

export function sentences(s: ReplaySummary, durationText: (seconds: number) => string): string[] {
  const kept = (isKept: boolean): string => (isKept ? 'kept' : 'BROKEN');
  return [
    `sent ${s.sent}, acknowledged ${s.acknowledged}, stored ${s.stored}, duplicates ${s.duplicates}`,
    `order of each key ${kept(s.perKeyOrderKept)}, order of the log ${kept(s.globalOrderKept)}`,
    `sending took ${durationText(s.sendSeconds)} (${s.eventsPerSecond} events/s), reading back ${durationText(s.readSeconds)}`,
    ...(s.rowsBackInTime > 0
      ? [`${s.rowsBackInTime} rows go back in time; they were sent in the order of the file`]
      : []),
  ];
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
