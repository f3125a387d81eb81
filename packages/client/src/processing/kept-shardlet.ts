/**
 * One shardlet of a processor in one assignment, and its life:
 *
 *   recovering --state is there--> ready --revoking, or at its end--> last checkpoint --valid, or letGoMs--> let go
 *
 * A checkpoint is a snapshot taken in a moment, which is encoded and uploaded while events are handled on. It is announced
 * only after everything in it is committed.
 */
import type { Standing } from '../consuming/holdings.ts';
import type { CheckpointCalls, CheckpointReason } from './checkpoint-calls.ts';
import { encoded } from './content.ts';
import type { Chain, RecoveredState } from './recovery.ts';
import type { ShardletState } from './shardlet-state.ts';

export interface Saved {
  readonly shardlet: number;
  readonly id: string;
  readonly seq: number;
  readonly reason: CheckpointReason;
  /** it has only what changed since the one before */
  readonly isDelta: boolean;
  readonly keys: number;
  readonly bytes: number;
  readonly tookMs: number;
}

interface SaveParts {
  readonly calls: CheckpointCalls;
  readonly version: string;
  readonly reason: CheckpointReason;
  readonly signal: AbortSignal;
  /** Resolves when all up to this seq is committed. */
  readonly committed: (seq: number) => Promise<void>;
}

/** As the edge: so many deltas on a whole one. */
const DELTAS_MAX = 8;
/** A restore reads all deltas: beyond this share of the whole one, another whole one is cheaper. */
const DELTA_SHARE_MAX = 0.5;
/** So often it is judged anew what is due: the verdict may be of before the last checkpoint. */
const JUDGED_EVERY_MS = 10_000;
const CONFLICT = 409;

export class KeptShardlet {
  readonly shardlet: number;
  readonly assignment: number;
  readonly signal: AbortSignal;
  /** of its recovery, or of its last checkpoint */
  savedAtMs = performance.now();
  /** a verdict of before is passed over */
  judgedFromMs = 0;
  /** the next attempt, after one that failed */
  retryAtMs = 0;
  isDue = false;
  isSaving = false;
  /** since when its last checkpoint is wanted */
  lastWantedAtMs: number | undefined;
  private recovered: RecoveredState | undefined;
  private chain: Chain | undefined;
  private savedSeq = -1;

  constructor({ shardlet, assignment, signal }: Standing) {
    [this.shardlet, this.assignment, this.signal] = [shardlet, assignment, signal];
  }

  get state(): ShardletState | undefined {
    return this.recovered?.state;
  }

  /** Up to here the state is in a checkpoint; -1: in none of its own. */
  get saved(): number {
    return this.savedSeq;
  }

  /** A replacement would have something to replay. */
  get isUnsaved(): boolean {
    return this.recovered !== undefined && this.savedSeq < this.recovered.state.seq;
  }

  restored(recovered: RecoveredState): void {
    this.recovered = recovered;
    this.chain = recovered.chain;
    const isNew = recovered.restored.length === 0 && recovered.replayedEvents === 0;
    this.savedSeq = recovered.chain?.seq ?? (isNew ? recovered.state.seq : -1);
    this.savedAtMs = performance.now();
  }

  advance({ processed, epoch }: Standing): void {
    const { state } = this;
    if (state !== undefined && processed > state.seq) [state.seq, state.epoch] = [processed, epoch];
  }

  /** REQUIRES that none is under way. @throws Fenced, ForeshardError */
  async save(parts: SaveParts): Promise<Saved> {
    try {
      return await this.saveAs(this.paysDelta() ? 'delta' : 'full', parts);
    } catch (error) {
      // its base may have been pruned, or invalidated by a loss
      if (this.chain === undefined || (error as { status?: number }).status !== CONFLICT) throw error;
      this.chain = undefined;
      return this.saveAs('full', parts);
    }
  }

  private async saveAs(kind: 'full' | 'delta', parts: SaveParts): Promise<Saved> {
    const { calls, version, reason, signal, committed } = parts;
    const startedMs = performance.now();
    const { state } = this.recovered!;
    const snapshot = state.take(kind);
    const { seq, epoch, keyCount: keys } = snapshot;
    const place = { shardlet: this.shardlet, seq, epoch, handlerVersion: version };
    try {
      const { bytes, digest } = await encoded({ v: 1, kind, ...place }, snapshot);
      await committed(seq);
      const base = kind === 'delta' ? this.chain!.id : undefined;
      const row = { ...place, assignment: this.assignment, bytes: bytes.length, digest, keys, reason };
      const id = await calls.store({ ...row, ...(base === undefined ? {} : { base }) }, bytes, signal);
      this.stored(id, kind, seq, bytes.length);
      const tookMs = Math.round(performance.now() - startedMs);
      const isDelta = kind === 'delta';
      return { shardlet: this.shardlet, id, seq, reason, isDelta, keys, bytes: bytes.length, tookMs };
    } catch (error) {
      snapshot.failed();
      throw error;
    }
  }

  private stored(id: string, kind: 'full' | 'delta', seq: number, bytes: number): void {
    const { deltas, wholeBytes, deltaBytes } = this.chain ?? { deltas: 0, wholeBytes: 0, deltaBytes: 0 };
    this.chain =
      kind === 'full'
        ? { id, seq, deltas: 0, wholeBytes: bytes, deltaBytes: 0 }
        : { id, seq, deltas: deltas + 1, wholeBytes, deltaBytes: deltaBytes + bytes };
    this.savedSeq = seq;
    this.savedAtMs = performance.now();
    this.judgedFromMs = this.savedAtMs + JUDGED_EVERY_MS;
  }

  private paysDelta(): boolean {
    const { chain } = this;
    if (chain === undefined || chain.deltas >= DELTAS_MAX) return false;
    const { changedKeys, keys } = this.recovered!.state;
    const expected = (chain.wholeBytes * changedKeys) / Math.max(1, keys);
    return chain.deltaBytes + expected <= chain.wholeBytes * DELTA_SHARE_MAX;
  }
}
