/**
 * Where a move on this worker meets what people want of it, the throttle and the journal. Orders are read
 * again after a short while, beside the copying and not at every chunk; before edges have to wait they are
 * asked for once more. The journal is written behind, so that it never holds up a move while edges wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventHost } from '@foreshard/core/hosts';
import type { MoveOrder, MoveProgress, MoveRef, MoveStep, MoveSupervisor } from '@foreshard/core/machines';
import {
  CHUNK_BYTES_MIN,
  durationMs,
  FIRST_PACE,
  feel,
  type Move,
  type MoveControls,
  type MoveLog,
  nextChunkBytes,
  type Pace,
  rateOf,
} from '@foreshard/core/moves';
import type { Logger } from 'pino';
import type { Metrics } from '../process/metrics.ts';

/** How late an order may be heard. */
const ORDERS_EVERY_MS = 250;
/** How often the hosts are felt: some chunks. */
const FEEL_EVERY_MS = 50;
const MS_PER_SECOND = 1_000;

export interface SupervisorParts {
  readonly moves: MoveLog;
  readonly host: (id: number) => Promise<EventHost>;
  /** moves that share the budget, on all workers */
  readonly sharers: () => number;
  /** what edges have found to differ when they read both sides; undefined: nothing */
  readonly difference: (move: number) => Promise<string | undefined>;
  readonly worker: string;
  readonly metrics: Pick<Metrics, 'movedBytes' | 'cutoverSeconds'>;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** One for each run of a machine. */
export class WorkerSupervisor implements MoveSupervisor {
  /** where the move was when it last asked: after `verify` edges may be waiting */
  phase: MoveProgress['phase'] = 'prepare';
  private readonly parts: SupervisorParts;
  private readonly signal: AbortSignal;
  private orders:
    | { readonly move: Move | undefined; readonly controls: MoveControls; readonly atMs: number }
    | undefined;
  private sealedAtMs: number | undefined;
  private readonly beside = new Map<string, Promise<void>>();
  private failure: unknown;
  private feltAtMs: number;
  private pace: Pace = FIRST_PACE;
  private askedAtMs: number;
  private chunkBytes = CHUNK_BYTES_MIN;
  private unsaved = { bytes: 0, records: 0, sinceMs: 0 };
  private writing: Promise<void> = Promise.resolve();

  constructor(parts: SupervisorParts, signal: AbortSignal) {
    this.parts = parts;
    this.signal = signal;
    this.askedAtMs = parts.nowMs();
    this.feltAtMs = this.askedAtMs;
    this.unsaved.sinceMs = this.askedAtMs;
  }

  async consult(move: MoveRef, progress: MoveProgress): Promise<MoveOrder> {
    this.signal.throwIfAborted();
    this.phase = progress.phase;
    this.count(progress);
    const { move: row, controls } = await this.currentOrders(move, progress);
    const refusal = this.refusal(row, controls) ?? (await this.differing(move, progress));
    if (refusal !== undefined) return refusal;
    const own = row?.bytesPerSecondMax ?? null;
    const limits = { budget: controls.bytesPerSecondMax, sharers: this.parts.sharers(), own };
    const rate = rateOf(this.pace, limits);
    const tookMs = this.parts.nowMs() - this.askedAtMs;
    if (progress.bytes > 0) this.chunkBytes = nextChunkBytes(this.chunkBytes, tookMs, rate);
    if (progress.phase === 'copy') await this.wait(progress.bytes, rate);
    this.askedAtMs = this.parts.nowMs();
    return { kind: 'go', chunkBytes: this.chunkBytes };
  }

  async note(move: MoveRef, { progress, ...step }: MoveStep): Promise<void> {
    const { nextEpoch } = move;
    const { moves, worker, log } = this.parts;
    this.measure(step);
    if (progress !== undefined) this.count(progress);
    log.info({ move: nextEpoch, ...step }, 'move');
    this.writing = this.writing
      .then(() => moves.note(nextEpoch, worker, [step]))
      .then(() => (progress === undefined ? undefined : this.save(move, progress)))
      .catch((error) => log.warn({ err: error, move: nextEpoch }, 'a step of a move is not in its journal'));
  }

  /** A cutover that another worker began is not measured: when it began is not known here. */
  private measure({ what }: MoveStep): void {
    const { metrics, nowMs } = this.parts;
    if (what === 'sealed') this.sealedAtMs = nowMs();
    if (what !== 'opened' || this.sealedAtMs === undefined) return;
    metrics.cutoverSeconds.observe((nowMs() - this.sealedAtMs) / MS_PER_SECOND);
  }

  /** When everything that was noted is written. */
  async flush(): Promise<void> {
    await this.writing;
  }

  private refusal(row: Move | undefined, controls: MoveControls): MoveOrder | undefined {
    if (row?.order === 'abort') return { kind: 'abort', reason: row.orderReason };
    if (row?.deadlineAtMs != null && this.parts.nowMs() > row.deadlineAtMs)
      return { kind: 'abort', reason: 'its window is over' };
    if (controls.paused) return { kind: 'pause', reason: `all moves are paused: ${controls.reason}` };
    if (row?.order === 'pause') return { kind: 'pause', reason: row.orderReason };
    return undefined;
  }

  /** Asked last before the cutover: a difference stops the move. */
  private async differing({ nextEpoch }: MoveRef, { phase }: MoveProgress): Promise<MoveOrder | undefined> {
    if (phase !== 'verify') return undefined;
    const reason = await this.parts.difference(nextEpoch);
    return reason === undefined ? undefined : { kind: 'abort', reason };
  }

  private async currentOrders(ref: MoveRef, progress: MoveProgress) {
    const { nowMs } = this.parts;
    // before edges have to wait an order counts to the last moment
    if (this.orders === undefined || progress.phase !== 'copy') {
      await Promise.all(this.beside.values());
      await this.ask(ref, progress);
      return this.orders!;
    }
    if (this.failure !== undefined) throw this.failure;
    if (nowMs() - this.orders.atMs >= ORDERS_EVERY_MS) this.start('asking', () => this.ask(ref, progress));
    if (nowMs() - this.feltAtMs >= FEEL_EVERY_MS) this.start('feeling', () => this.feelHosts(ref));
    return this.orders;
  }

  /** Beside the copying; a failure is told to the next question. */
  private start(chore: string, work: () => Promise<void>): void {
    if (this.beside.has(chore)) return;
    const done = work()
      .catch((error) => {
        this.failure = error;
      })
      .finally(() => this.beside.delete(chore));
    this.beside.set(chore, done);
  }

  private async ask(ref: MoveRef, progress: MoveProgress): Promise<void> {
    const { moves, nowMs } = this.parts;
    const atMs = nowMs();
    const [move, controls] = await Promise.all([
      moves.find(ref.nextEpoch),
      moves.controls(),
      this.save(ref, progress),
    ]);
    this.orders = { move, controls, atMs };
  }

  private count({ bytes, records }: MoveProgress): void {
    this.parts.metrics.movedBytes.inc(bytes);
    this.unsaved.bytes += bytes;
    this.unsaved.records += records;
  }

  private async save({ nextEpoch }: MoveRef, progress: MoveProgress): Promise<void> {
    const { bytes, records, sinceMs } = this.unsaved;
    const nowMs = this.parts.nowMs();
    const seconds = Math.max(1, nowMs - sinceMs) / MS_PER_SECOND;
    this.unsaved = { bytes: 0, records: 0, sinceMs: nowMs };
    const report = { ...progress, bytes, records };
    await this.parts.moves.progress(nextEpoch, this.parts.worker, report, bytes / seconds);
  }

  private async feelHosts({ shardlet, source, dest }: MoveRef): Promise<void> {
    this.feltAtMs = this.parts.nowMs();
    const answersMs = new Map<number, number>();
    const time = async (id: number) => {
      const host = await this.parts.host(id);
      const startedMs = performance.now();
      await host.describe(shardlet);
      answersMs.set(id, performance.now() - startedMs);
    };
    await Promise.all([time(source), time(dest)]);
    this.pace = feel(this.pace, answersMs);
  }

  private async wait(bytes: number, rate: number): Promise<void> {
    const ms = this.askedAtMs + durationMs(bytes, rate) - this.parts.nowMs();
    if (ms > 1) await sleep(ms, undefined, { signal: this.signal });
  }
}
