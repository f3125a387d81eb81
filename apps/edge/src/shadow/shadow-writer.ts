/**
 * Shadow writes: what a host has acknowledged for a shardlet that moves is also sent to the copy at its
 * destination, so that little is left to copy when the cutover comes. Best effort and bounded: it begins after
 * the acknowledgement, keeps a few megabytes at most, and gives up at the first difficulty, since the worker
 * copies whatever is missing and compares everything.
 */
import {
  type AppendGroup,
  type AppendReply,
  type EventHost,
  type StoredRecord,
  splitFrames,
} from '@foreshard/core/hosts';

/** For all shardlets together; what does not fit is copied by the worker. */
const BYTES_MAX = 8_000_000;
/** The copy lacks what came before: the worker has to come further first. */
const PAUSE_AFTER_GAP_MS = 250;
/** The destination is away, full, or knows another epoch. */
const PAUSE_AFTER_REFUSAL_MS = 2_000;

export interface Moving {
  readonly shardlet: number;
  /** of the source: what it acknowledged at another epoch is not of this move */
  readonly epoch: number;
  readonly dest: number;
  readonly nextEpoch: number;
}

export interface ShadowWriterParts {
  readonly host: (id: number) => Promise<EventHost>;
  readonly nowMs: () => number;
  readonly observe: (outcome: 'written' | 'skipped', records: number) => void;
}

interface Line {
  records: StoredRecord[];
  bytes: number;
  sending: boolean;
  mutedUntilMs: number;
}

type Appended = Extract<AppendReply, { kind: 'appended' }>;

export class ShadowWriter {
  private readonly parts: ShadowWriterParts;
  private readonly lines = new Map<number, Line>();
  private bytes = 0;

  constructor(parts: ShadowWriterParts) {
    this.parts = parts;
  }

  /** The host has acknowledged this group. Never throws, never waits. */
  offer(moving: Moving, group: AppendGroup, reply: Appended): void {
    if (reply.stored === 0 || group.epoch !== moving.epoch) return;
    const line = this.lineOf(moving.nextEpoch);
    if (line.mutedUntilMs > this.parts.nowMs() || this.bytes + group.frames.length > BYTES_MAX) {
      this.parts.observe('skipped', reply.stored);
      return;
    }
    const records = storedOf(group, reply);
    this.keep(line, records);
    if (!line.sending) void this.send(moving, line);
  }

  /** Forgets moves that have ended. */
  retain(moves: ReadonlySet<number>): void {
    for (const [id, line] of this.lines) {
      if (moves.has(id)) continue;
      this.drop(line);
      this.lines.delete(id);
    }
  }

  private lineOf(move: number): Line {
    let line = this.lines.get(move);
    if (line === undefined) {
      line = { records: [], bytes: 0, sending: false, mutedUntilMs: 0 };
      this.lines.set(move, line);
    }
    return line;
  }

  private keep(line: Line, records: readonly StoredRecord[]): void {
    for (const record of records) {
      line.records.push(record);
      line.bytes += record.frame.length;
      this.bytes += record.frame.length;
    }
  }

  private drop(line: Line): void {
    this.bytes -= line.bytes;
    line.records = [];
    line.bytes = 0;
  }

  private async send(moving: Moving, line: Line): Promise<void> {
    line.sending = true;
    while (line.records.length > 0) {
      const run = takeRun(line.records);
      line.records = line.records.slice(run.length);
      const pauseMs = await this.ingest(moving, run);
      const bytes = run.reduce((sum, r) => sum + r.frame.length, 0);
      line.bytes -= bytes;
      this.bytes -= bytes;
      this.parts.observe(pauseMs === 0 ? 'written' : 'skipped', run.length);
      if (pauseMs === 0) continue;
      line.mutedUntilMs = this.parts.nowMs() + pauseMs;
      this.drop(line);
    }
    line.sending = false;
  }

  /** How long to leave this move alone. */
  private async ingest({ shardlet, dest, nextEpoch }: Moving, run: readonly StoredRecord[]): Promise<number> {
    try {
      const reply = await (await this.parts.host(dest)).ingest(shardlet, nextEpoch, run);
      if (reply.kind === 'ingested') return 0;
      return reply.kind === 'gap' ? PAUSE_AFTER_GAP_MS : PAUSE_AFTER_REFUSAL_MS;
    } catch {
      return PAUSE_AFTER_REFUSAL_MS;
    }
  }
}

/** The records that the host stored of a group, in order, with their places. */
function storedOf({ frames, count }: AppendGroup, reply: Appended): StoredRecord[] {
  const skipped = new Set([...reply.duplicates.map((d) => d.index), ...reply.expired]);
  const all = splitFrames(frames);
  const records: StoredRecord[] = [];
  for (let i = 0; i < count; i++)
    if (!skipped.has(i))
      records.push({
        seq: reply.firstSeq + records.length,
        ts: reply.firstTs + records.length,
        frame: all[i]!,
      });
  return records;
}

/** As far as seqs follow one another: between them other edges have appended. */
function takeRun(records: readonly StoredRecord[]): StoredRecord[] {
  const first = records[0]!.seq;
  const end = records.findIndex((r, i) => r.seq !== first + i);
  return records.slice(0, end === -1 ? records.length : end);
}
