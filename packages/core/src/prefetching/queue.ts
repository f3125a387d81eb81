/**
 * What is to be fetched before somebody asks for it, and in which order.
 *
 *   wanted --taken--> in flight --landed--> held
 *      \--cancelled, late--> gone
 *
 * What is certain to be needed goes first (read-ahead, warming), then what the Prefetch Probability Map expects or what was
 * read soon after the same reads before; each by its predicted arrival. An object that several want is fetched once. It is
 * cancelled when the last of them does not want it any more. The queue decides and does no IO.
 */

export const SOURCES = ['readAhead', 'warm', 'map', 'reads'] as const;
export type Source = (typeof SOURCES)[number];

/** It is needed for certain; the others are expected. */
export function isCertain(source: Source): boolean {
  return source === 'readAhead' || source === 'warm';
}

export interface Wanted {
  /** of the object */
  readonly id: string;
  readonly shardlet: number;
  /** its first seq */
  readonly from: number;
  readonly source: Source;
  /** who wants it: a member, or the map */
  readonly claim: string;
  /** in words, for people */
  readonly why: string;
  /** predicted; what comes later than this by the grace is of no use */
  readonly neededAtMs: number;
  /** 1: certain */
  readonly probability: number;
  /** what it is expected to have */
  readonly bytes: number;
}

export interface QueueLimits {
  readonly entriesMax: number;
  readonly bytesInFlightMax: number;
  readonly callsInFlightMax: number;
  readonly graceMs: number;
}

export interface Entry extends Omit<Wanted, 'claim'> {
  readonly claims: ReadonlySet<string>;
  readonly isInFlight: boolean;
}

interface Kept extends Omit<Wanted, 'claim'> {
  claims: Set<string>;
  isInFlight: boolean;
}

export interface QueueCounts {
  /** nobody wanted it any more */
  readonly cancelled: number;
  /** it was not fetched before it was needed */
  readonly late: number;
  /** there was no room in the queue */
  readonly refused: number;
}

export class PrefetchQueue {
  private readonly limits: QueueLimits;
  private readonly entries = new Map<string, Kept>();
  private cancelled = 0;
  private late = 0;
  private refused = 0;
  private bytesInFlight = 0;
  private callsInFlight = 0;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get counts(): QueueCounts {
    const { cancelled, late, refused } = this;
    return { cancelled, late, refused };
  }

  /** In the order in which they are fetched; those in flight first. */
  list(): Entry[] {
    return [...this.entries.values()].sort(
      (a, b) => Number(b.isInFlight) - Number(a.isInFlight) || inOrder(a, b),
    );
  }

  has(id: string): boolean {
    return this.entries.has(id);
  }

  /** `threshold`: what is less likely is not wanted. False: it was not taken. */
  add({ claim, ...wanted }: Wanted, threshold: number): boolean {
    if (wanted.probability < threshold) return false;
    const known = this.entries.get(wanted.id);
    if (known !== undefined) {
      known.claims.add(claim);
      // who needs it sooner says when, and why
      if (!known.isInFlight && inOrder(wanted, known) < 0)
        this.entries.set(wanted.id, { ...wanted, claims: known.claims, isInFlight: false });
      return true;
    }
    this.entries.set(wanted.id, { ...wanted, claims: new Set([claim]), isInFlight: false });
    return this.makeRoom(wanted.id);
  }

  /** What may be fetched now: it is in flight from now on. */
  take(nowMs: number): Entry[] {
    this.expire(nowMs);
    const taken: Entry[] = [];
    const { callsInFlightMax, bytesInFlightMax } = this.limits;
    for (const entry of [...this.entries.values()].filter((one) => !one.isInFlight).sort(inOrder)) {
      if (this.callsInFlight >= callsInFlightMax) break;
      // one object above the limit may be fetched alone; nothing overtakes it, or it would never come
      if (this.callsInFlight > 0 && this.bytesInFlight + entry.bytes > bytesInFlightMax) break;
      entry.isInFlight = true;
      this.callsInFlight++;
      this.bytesInFlight += entry.bytes;
      taken.push(entry);
    }
    return taken;
  }

  /** The fetch is over, whatever it brought. False: nobody wanted it any more. */
  landed(id: string): boolean {
    const entry = this.entries.get(id);
    if (entry === undefined || !entry.isInFlight) return false;
    this.entries.delete(id);
    this.callsInFlight--;
    this.bytesInFlight -= entry.bytes;
    return entry.claims.size > 0;
  }

  /** The claimant does not want anything of the shardlet any more; left out: of any. */
  cancel(claim: string, shardlet?: number): void {
    for (const [id, entry] of this.entries) {
      if (shardlet !== undefined && entry.shardlet !== shardlet) continue;
      if (!entry.claims.delete(claim) || entry.claims.size > 0) continue;
      this.cancelled++;
      // one in flight cannot be called back: its place is free when it lands
      if (!entry.isInFlight) this.entries.delete(id);
    }
  }

  /** A reader has asked for it: it comes too late, unless it is in flight. */
  needed(id: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined || entry.isInFlight) return;
    this.entries.delete(id);
    this.late++;
  }

  private expire(nowMs: number): void {
    for (const [id, { isInFlight, neededAtMs }] of this.entries) {
      if (isInFlight || neededAtMs + this.limits.graceMs >= nowMs) continue;
      this.entries.delete(id);
      this.late++;
    }
  }

  /** The last in the order leaves, maybe the new one. */
  private makeRoom(added: string): boolean {
    if (this.entries.size <= this.limits.entriesMax) return true;
    const waiting = [...this.entries.values()].filter((one) => !one.isInFlight);
    const last = waiting.reduce((a, b) => (inOrder(a, b) > 0 ? a : b));
    this.entries.delete(last.id);
    this.refused++;
    return last.id !== added;
  }
}

type Ordered = Pick<Wanted, 'id' | 'source' | 'neededAtMs' | 'probability'>;

function inOrder(a: Ordered, b: Ordered): number {
  return (
    Number(isCertain(b.source)) - Number(isCertain(a.source)) ||
    a.neededAtMs - b.neededAtMs ||
    b.probability - a.probability ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}
