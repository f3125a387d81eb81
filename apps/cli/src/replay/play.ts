/** Plays the rows of a trace into an edge, at a pace, from where the last run has stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from '@foreshard/client/source';
import { PlacedSender, type Settled } from '../events/placed-sender.ts';
import { AckTracker } from './ack-tracker.ts';
import { Pacer } from './pacer.ts';
import type { ReplayState } from './replay-state.ts';
import type { Trace, TraceRow } from './trace.ts';

export interface PlayParts {
  readonly producer: Producer;
  readonly speed: number;
  /** the last row to send */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly save: (state: ReplayState) => void;
  readonly onProgress: (acknowledged: number) => void;
  readonly note: (text: string) => void;
}

export interface Played {
  readonly state: ReplayState;
  /** rows read from the trace that are events, of all runs; undefined when it was not read to its end */
  readonly sent: number | undefined;
  readonly refused: number;
  readonly rowsBackInTime: number;
}

const SAVE_EVERY_MS = 1_000;
/** The longest sleep: progress goes on meanwhile. */
const SLEEP_MS_MAX = 1_000;
/** What is due within this time is sent at once: a timer is no finer. */
const DUE_WITHIN_MS = 2;
const REFUSALS_SHOWN = 10;

export async function play(trace: Trace, before: ReplayState, parts: PlayParts): Promise<Played> {
  const player = new Player(trace, before, parts);
  return player.play();
}

class Player {
  private readonly trace: Trace;
  private readonly before: ReplayState;
  private readonly parts: PlayParts;
  private readonly acks: AckTracker;
  private readonly sender: PlacedSender;
  private readonly pacer: Pacer;
  private readonly head: string;
  private lastRow = 0;
  private badRowsPassed = 0;
  private refused = 0;
  private savedAtMs = performance.now();

  constructor(trace: Trace, before: ReplayState, parts: PlayParts) {
    this.trace = trace;
    this.before = before;
    this.parts = parts;
    this.acks = new AckTracker(before.acknowledged, before.ahead);
    this.pacer = new Pacer(parts.speed);
    this.head = `{"specversion":"1.0","source":${JSON.stringify(before.source)},"id":"`;
    this.sender = new PlacedSender(parts.producer, (place, settled) => this.settled(place, settled));
  }

  async play(): Promise<Played> {
    const { signal } = this.parts;
    try {
      for await (const rows of this.trace.rows(this.before.acknowledged + 1)) {
        if (!(await this.offerAll(rows))) break;
      }
      if (signal.aborted) await this.sender.stop();
      else await this.sender.drained();
    } finally {
      this.save();
    }
    const end = this.endRow();
    const sent = signal.aborted ? undefined : end - this.leftOut(end);
    const { refused } = this;
    return { state: this.state(), sent, refused, rowsBackInTime: this.pacer.rowsBackInTime };
  }

  private async offerAll(rows: readonly TraceRow[]): Promise<boolean> {
    for (const row of rows) if (!(await this.offer(row))) return false;
    return true;
  }

  /** False when it is time to stop. */
  private async offer(row: TraceRow): Promise<boolean> {
    const { limit, signal } = this.parts;
    if (row.row > limit || signal.aborted) return false;
    this.passBadRows(row.row);
    this.lastRow = row.row;
    if (this.acks.has(row.row)) return true;
    await this.untilDue(row.timeMs);
    if (signal.aborted) return false;
    this.sender.push({ key: row.key, body: this.bodyOf(row), place: row.row });
    if (this.sender.isFull) await this.sender.room();
    this.now();
    return true;
  }

  private async untilDue(timeMs: number): Promise<void> {
    const { signal } = this.parts;
    let waitMs = this.pacer.waitMs(timeMs, performance.now());
    while (waitMs > DUE_WITHIN_MS && !signal.aborted) {
      await sleep(Math.min(waitMs, SLEEP_MS_MAX), undefined, { signal }).catch(() => {});
      this.now();
      waitMs = this.pacer.waitMs(timeMs, performance.now());
    }
  }

  private bodyOf({ row, event }: TraceRow): string {
    return `${this.head}${row}",${JSON.stringify(event).slice(1)}`;
  }

  private settled(place: number, settled: Settled): void {
    if (!('refused' in settled)) this.acks.add(place);
    else if (this.refused++ < REFUSALS_SHOWN) this.parts.note(`row ${place} was refused: ${settled.refused}`);
  }

  /** Rows that are no events need no acknowledgement. */
  private passBadRows(before: number): void {
    const { badRows } = this.trace;
    for (
      let bad = badRows[this.badRowsPassed];
      bad !== undefined && bad.row < before;
      bad = badRows[this.badRowsPassed]
    ) {
      this.acks.add(bad.row);
      this.badRowsPassed++;
    }
  }

  private leftOut(upTo: number): number {
    const known = this.trace.badRows.filter((bad) => bad.row <= upTo).length;
    return Math.max(known, this.before.leftOut);
  }

  /** The last row that is to be acknowledged, of this run or an earlier one. */
  private endRow(): number {
    const { limit } = this.parts;
    return Math.max(this.before.acknowledged, Math.min(limit, this.trace.rowCount ?? this.lastRow));
  }

  private now(): void {
    const nowMs = performance.now();
    if (nowMs - this.savedAtMs < SAVE_EVERY_MS) return;
    this.savedAtMs = nowMs;
    this.save();
  }

  private save(): void {
    if (!this.parts.signal.aborted) this.passBadRows(this.endRow() + 1);
    this.parts.save(this.state());
    this.parts.onProgress(this.acks.count);
  }

  private state(): ReplayState {
    const acknowledged = this.acks.lowWatermark;
    return { ...this.before, acknowledged, ahead: this.acks.ahead, leftOut: this.leftOut(acknowledged) };
  }
}
