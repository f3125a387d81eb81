/**
 * When a range of keys has a burst: its smoothed load stands far above what it usually has, and by enough to matter to a host. While
 * a burst lasts, what is usual stays as it was; one that does not end becomes usual.
 */
export interface BurstOptions {
  readonly ranges: number;
  /** a burst is above what is usual by this part of the load of all ranges, at least */
  readonly shareMin: number;
}

export interface Burst {
  readonly range: number;
  readonly fromMinute: number;
  /** events a minute above what was usual, smoothed, the most until now */
  extra: number;
  minutes: number;
}

/** of what is usual, a minute */
const USUAL_MEMORY = 1 - 1 / 90;
/** of the load, a minute: about the last three */
const RECENT_MEMORY = 0.6;
const TIMES_MIN = 1.8;
/** of the root of what is usual: chance does not reach it */
const CHANCE = 5;
/** of the most that a burst had, below which it has ended */
const ENDS_BELOW = 0.3;
const MINUTES_MAX = 180;
/** a range that was just heard of has no usual load yet */
const MINUTES_KNOWN = 30;

export class BurstWatch {
  private readonly usual: Float64Array;
  private readonly recent: Float64Array;
  /** the last burst still shows in what is smoothed */
  private readonly fading: Uint8Array;
  private readonly running = new Map<number, Burst>();
  private readonly options: BurstOptions;
  private minutes = 0;

  constructor(options: BurstOptions) {
    this.options = options;
    this.usual = new Float64Array(options.ranges);
    this.recent = new Float64Array(options.ranges);
    this.fading = new Uint8Array(options.ranges);
  }

  get current(): readonly Burst[] {
    return [...this.running.values()];
  }

  /** A minute has ended, with so many events of each range. */
  minute(at: number, loads: ArrayLike<number>): { readonly started: Burst[]; readonly ended: Burst[] } {
    const started: Burst[] = [];
    const ended: Burst[] = [];
    let total = 0;
    for (let range = 0; range < this.usual.length; range++) total += this.usual[range]!;
    for (let range = 0; range < this.usual.length; range++) {
      this.recent[range] = RECENT_MEMORY * this.recent[range]! + (1 - RECENT_MEMORY) * loads[range]!;
      const burst = this.running.get(range);
      if (burst !== undefined) {
        if (this.goesOn(burst)) continue;
        this.running.delete(range);
        this.fading[range] = 1;
        ended.push(burst);
      } else if (!this.stands(range, total)) this.fading[range] = 0;
      else if (this.minutes >= MINUTES_KNOWN && this.fading[range] === 0) {
        const fresh = { range, fromMinute: at, extra: this.recent[range]! - this.usual[range]!, minutes: 1 };
        this.running.set(range, fresh);
        started.push(fresh);
        continue;
      }
      if (this.fading[range] === 0) this.follow(range);
    }
    this.minutes++;
    return { started, ended };
  }

  private stands(range: number, total: number): boolean {
    const usual = this.usual[range]!;
    const extra = this.recent[range]! - usual;
    return (
      this.recent[range]! > TIMES_MIN * usual &&
      extra > CHANCE * Math.sqrt(Math.max(1, usual)) &&
      extra > this.options.shareMin * total
    );
  }

  private goesOn(burst: Burst): boolean {
    const above = this.recent[burst.range]! - this.usual[burst.range]!;
    if (above < ENDS_BELOW * burst.extra || burst.minutes >= MINUTES_MAX) return false;
    burst.minutes++;
    burst.extra = Math.max(burst.extra, above);
    return true;
  }

  private follow(range: number): void {
    const memory = Math.min(USUAL_MEMORY, this.minutes / (this.minutes + 1));
    this.usual[range] = memory * this.usual[range]! + (1 - memory) * this.recent[range]!;
  }
}
