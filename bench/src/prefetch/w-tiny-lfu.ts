/**
 * W-TinyLFU (Einziger, Friedman, Manes 2017): a window of LRU, and a main part of two segments that a newcomer enters only when it was used
 * more often than what it would push out. Counts are of a sketch that is halved.
 */
const WINDOW_SHARE = 0.2;
const PROTECTED_SHARE = 0.8;
const ROWS = 4;
const COUNT_MAX = 15;

export class WTinyLfu {
  private readonly window = new Map<string, true>();
  private readonly probation = new Map<string, true>();
  private readonly guarded = new Map<string, true>();
  private readonly windowMax: number;
  private readonly guardedMax: number;
  private readonly mainMax: number;
  private readonly counts: Uint8Array;
  private readonly mask: number;
  private additions = 0;

  constructor(capacity: number) {
    this.windowMax = Math.max(1, Math.round(capacity * WINDOW_SHARE));
    this.mainMax = capacity - this.windowMax;
    this.guardedMax = Math.floor(this.mainMax * PROTECTED_SHARE);
    const width = 1 << Math.ceil(Math.log2(Math.max(64, capacity * 4)));
    this.counts = new Uint8Array(width * ROWS);
    this.mask = width - 1;
  }

  use(key: string): void {
    this.count(key);
    if (this.window.delete(key)) this.window.set(key, true);
    else if (this.guarded.delete(key)) this.guarded.set(key, true);
    else if (this.probation.delete(key)) {
      this.guarded.set(key, true);
      if (this.guarded.size <= this.guardedMax) return;
      const oldest = first(this.guarded);
      this.guarded.delete(oldest);
      this.probation.set(oldest, true);
    }
  }

  put(key: string): string[] {
    this.count(key);
    this.window.set(key, true);
    if (this.window.size <= this.windowMax) return [];
    const candidate = first(this.window);
    this.window.delete(candidate);
    if (this.probation.size + this.guarded.size < this.mainMax) {
      this.probation.set(candidate, true);
      return [];
    }
    const victim = this.probation.size > 0 ? first(this.probation) : candidate;
    if (this.frequency(candidate) <= this.frequency(victim)) return [candidate];
    this.probation.delete(victim);
    this.probation.set(candidate, true);
    return [victim];
  }

  private count(key: string): void {
    for (let row = 0; row < ROWS; row++) {
      const at = this.place(key, row);
      if (this.counts[at]! < COUNT_MAX) this.counts[at]!++;
    }
    if (++this.additions < 10 * (this.mainMax + this.windowMax)) return;
    this.additions = 0;
    for (let i = 0; i < this.counts.length; i++) this.counts[i]! >>= 1;
  }

  private frequency(key: string): number {
    let least = COUNT_MAX;
    for (let row = 0; row < ROWS; row++) least = Math.min(least, this.counts[this.place(key, row)]!);
    return least;
  }

  private place(key: string, row: number): number {
    let hash = Math.imul(row + 1, 0x9e3779b1);
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 15;
    return row * (this.mask + 1) + (hash & this.mask);
  }
}

function first(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value!;
}
