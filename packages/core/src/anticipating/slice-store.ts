/**
 * Slices and what is learned of them. A slice belongs to the worker that has its lease; the fence grows with each holder, and what
 * an earlier one writes is refused. A state is stored with the places it stands on, in one step: events after a crash are
 * learned again exactly from there.
 */
import type { Progress } from './places.ts';
import type { SliceReport } from './slice-report.ts';
import type { SliceSettings } from './slice-settings.ts';

export interface SliceId {
  readonly stream: number;
  readonly slice: number;
}

export interface SliceRow extends SliceId {
  readonly settings: SliceSettings;
  /** undefined: nobody, or the lease is over */
  readonly holder: string | undefined;
  readonly savedAtMs: number | undefined;
  readonly report: SliceReport | undefined;
}

export interface ClaimedSlice extends SliceId {
  readonly fence: number;
  readonly settings: SliceSettings;
  readonly progress: Progress | undefined;
  /** undefined: nothing was learned yet, or it is damaged */
  readonly state: Uint8Array | undefined;
}

export interface HeldFence extends SliceId {
  readonly fence: number;
}

export interface SliceStore {
  list(): Promise<readonly SliceRow[]>;
  /** Makes the slices of all streams what they are to be; a slice whose model changes starts anew. Returns what changed. */
  divide(wanted: ReadonlyMap<number, SliceSettings>): Promise<number>;
  /** Notes that the worker lives, and returns how many do. */
  attend(worker: string): Promise<number>;
  /** Undefined: somebody else has it. */
  claim(id: SliceId, worker: string, leaseMs: number): Promise<ClaimedSlice | undefined>;
  /** Prolongs the lease. Undefined: it is lost. */
  renew(held: HeldFence, leaseMs: number, report?: SliceReport): Promise<SliceSettings | undefined>;
  /** False: the lease is lost. */
  save(held: HeldFence, progress: Progress, state: Uint8Array): Promise<boolean>;
  release(held: HeldFence): Promise<void>;
  /** The worker ends. */
  leave(worker: string): Promise<void>;
}
