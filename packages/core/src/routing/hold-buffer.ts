/**
 * Events whose shardlet cannot take them just now: its host answered `stale` because the shardlet is being
 * moved, split or opened, or `ahead` because of a client's token. They wait here, bounded in number and
 * bytes, in the order in which they came, until the map has moved on or it is time to ask the host again.
 * Past the limit they are given up, those events only.
 *
 * A passive machine: it decides who waits and until when; the caller has the clock, the timer and the map.
 *
 * Order: while something is held for a shardlet, whatever else goes there must be held behind it. An event
 * sent past the held ones would be stored before them.
 */
export interface HoldLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
  /** counted from `sinceMicros` of an item, so it also bounds an item that is held again and again */
  readonly waitMicrosMax: number;
}

/** What is held: some events of one request for one shardlet. */
export interface Holdable {
  readonly events: number;
  readonly bytes: number;
  /** when the edge accepted it */
  readonly sinceMicros: number;
}

/** A cutover takes some milliseconds, so the first question comes after two; then ever less often. */
const RETRY_MICROS_MIN = 2_000;
const RETRY_MICROS_MAX = 100_000;
/** The pause grows with the time waited: half of it, which doubles nothing and needs no counter. */
const RETRY_SHARE_OF_AGE = 0.5;

interface Held<T> {
  /** the epoch that was refused: another one in the map is a reason to try at once */
  readonly epoch: number;
  readonly items: T[];
  retryAtMicros: number;
}

export class HoldBuffer<T extends Holdable> {
  private readonly limits: HoldLimits;
  private readonly heldByShardlet = new Map<number, Held<T>>();
  private eventCount = 0;
  private byteCount = 0;

  constructor(limits: HoldLimits) {
    this.limits = limits;
  }

  get events(): number {
    return this.eventCount;
  }

  get bytes(): number {
    return this.byteCount;
  }

  get isEmpty(): boolean {
    return this.eventCount === 0;
  }

  holds(shardlet: number): boolean {
    return this.heldByShardlet.has(shardlet);
  }

  /**
   * Puts an item behind those already held for its shardlet; `false` when there is no room: nothing was
   * taken. `waitMicros`: how long the host asked to wait, when it said so.
   */
  hold(shardlet: number, epoch: number, item: T, nowMicros: number, waitMicros?: number): boolean {
    if (this.eventCount + item.events > this.limits.eventsMax) return false;
    if (this.byteCount + item.bytes > this.limits.bytesMax) return false;
    const retryAtMicros = nowMicros + (waitMicros ?? pauseAfter(nowMicros - item.sinceMicros));
    const held = this.heldByShardlet.get(shardlet);
    if (held === undefined) this.heldByShardlet.set(shardlet, { epoch, items: [item], retryAtMicros });
    else held.items.push(item);
    this.count(item, 1);
    return true;
  }

  /** Takes out, in order, what waited longer than the limit. */
  giveUp(nowMicros: number): T[] {
    const oldest = nowMicros - this.limits.waitMicrosMax;
    const given: T[] = [];
    for (const [shardlet, held] of this.heldByShardlet) {
      const late = held.items.filter((item) => item.sinceMicros <= oldest);
      if (late.length === 0) continue;
      given.push(...late);
      const stay = held.items.filter((item) => item.sinceMicros > oldest);
      if (stay.length === 0) this.heldByShardlet.delete(shardlet);
      else this.heldByShardlet.set(shardlet, { ...held, items: stay });
    }
    for (const item of given) this.count(item, -1);
    return given;
  }

  /**
   * Takes out, in order, what should be sent again: where the map now says something else than what was
   * refused (`epochNow`: undefined when the shardlet is no leaf any more), or the retry time has come.
   */
  release(nowMicros: number, epochNow: (shardlet: number) => number | undefined): T[] {
    const released: T[] = [];
    for (const [shardlet, held] of this.heldByShardlet) {
      if (held.retryAtMicros > nowMicros && epochNow(shardlet) === held.epoch) continue;
      this.heldByShardlet.delete(shardlet);
      released.push(...held.items);
    }
    for (const item of released) this.count(item, -1);
    return released;
  }

  /** When to call `giveUp` and `release` again, if the map says nothing before. */
  wakeAtMicros(): number | undefined {
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const held of this.heldByShardlet.values()) wakeAt = Math.min(wakeAt, held.retryAtMicros);
    return wakeAt === Number.POSITIVE_INFINITY ? undefined : wakeAt;
  }

  private count(item: T, sign: 1 | -1): void {
    this.eventCount += sign * item.events;
    this.byteCount += sign * item.bytes;
  }
}

function pauseAfter(ageMicros: number): number {
  return Math.min(RETRY_MICROS_MAX, Math.max(RETRY_MICROS_MIN, ageMicros * RETRY_SHARE_OF_AGE));
}
