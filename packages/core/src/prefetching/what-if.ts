/**
 * What each threshold would have meant: of all that the map offered in the last day, how much would have been fetched, and how much of
 * that was read before it was given up. Reads that the cache would have answered anyway are no gain. Other contents of the
 * cache are not replayed: what a fetch would have pushed out is not counted.
 */

/** Thresholds at 0.05, 0.10 ... 0.95 */
export const STEPS = 19;
const STEP = 1 / (STEPS + 1);
const SLOT_MS = 900_000;
const SLOTS_MAX = 96;
/** Offers that wait for their outcome. */
const OPEN_MAX = 8_192;

export interface WhatIfRow {
  readonly threshold: number;
  readonly fetchedBytes: number;
  readonly wastedBytes: number;
  /** reads that would have been hits and were not without it */
  readonly hits: number;
}

interface Slot {
  readonly atMs: number;
  readonly fetched: Float64Array;
  readonly wasted: Float64Array;
  readonly hits: Float64Array;
}

interface Open {
  readonly step: number;
  readonly bytes: number;
  readonly untilMs: number;
}

export class WhatIf {
  private readonly open = new Map<string, Open>();
  private slots: Slot[] = [];

  /** The map expects it, whether or not it is fetched. */
  offer(id: string, probability: number, bytes: number, untilMs: number, nowMs: number): void {
    const step = Math.min(STEPS, Math.floor(probability / STEP + 1e-9)) - 1;
    const known = this.open.get(id);
    if (step < 0 || (known !== undefined && known.step >= step)) return;
    if (known === undefined && this.open.size >= OPEN_MAX) return;
    this.open.set(id, { step, bytes, untilMs: Math.max(untilMs, known?.untilMs ?? 0) });
    if (known === undefined) this.slot(nowMs).fetched[step]! += bytes;
    else this.raise(known.step, step, bytes, nowMs);
  }

  /** It is read now. `isHitAnyway`: the cache would have had it. */
  read(id: string, isHitAnyway: boolean, nowMs: number): void {
    const open = this.open.get(id);
    if (open === undefined) return;
    this.open.delete(id);
    // what the cache has is not fetched: neither used nor wasted
    if (isHitAnyway) this.slot(nowMs).fetched[open.step]! -= open.bytes;
    else this.slot(nowMs).hits[open.step]!++;
  }

  expire(nowMs: number): void {
    for (const [id, { untilMs, step, bytes }] of this.open) {
      if (untilMs >= nowMs) continue;
      this.open.delete(id);
      this.slot(nowMs).wasted[step]! += bytes;
    }
  }

  rows(): WhatIfRow[] {
    const rows: WhatIfRow[] = [];
    let [fetchedBytes, wastedBytes, hits] = [0, 0, 0];
    for (let step = STEPS - 1; step >= 0; step--) {
      fetchedBytes += this.sum(({ fetched }) => fetched[step]!);
      wastedBytes += this.sum(({ wasted }) => wasted[step]!);
      hits += this.sum((slot) => slot.hits[step]!);
      const threshold = Math.round(100 * (step + 1) * STEP) / 100;
      rows.unshift({ threshold, fetchedBytes: Math.max(0, fetchedBytes), wastedBytes, hits });
    }
    return rows;
  }

  private raise(from: number, to: number, bytes: number, nowMs: number): void {
    const { fetched } = this.slot(nowMs);
    fetched[from]! -= bytes;
    fetched[to]! += bytes;
  }

  private sum(of: (slot: Slot) => number): number {
    return this.slots.reduce((total, slot) => total + of(slot), 0);
  }

  private slot(nowMs: number): Slot {
    const atMs = nowMs - (nowMs % SLOT_MS);
    const last = this.slots.at(-1);
    if (last !== undefined && last.atMs >= atMs) return last;
    const steps = () => new Float64Array(STEPS);
    const slot = { atMs, fetched: steps(), wasted: steps(), hits: steps() };
    this.slots = [...this.slots, slot].slice(-SLOTS_MAX);
    return slot;
  }
}
