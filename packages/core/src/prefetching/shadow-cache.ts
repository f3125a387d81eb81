/**
 * A cache of keys alone, fed with the same reads as the real one: what that would have had in memory under other rules. It holds of each
 * segment from where to where it was read, as the real one does.
 */
import { S3Fifo } from '../caching/index.ts';

/** A segment of the real cache costs about so much beside its records. */
const BYTES_OF_SEGMENT = 512;

export interface EvictionPolicy {
  use(key: string): void;
  /** Returns what has to go. */
  put(key: string, cost: number): string[];
}

export interface ReadOfSegment {
  readonly id: string;
  readonly from: number;
  /** one past the last that was read */
  readonly nextSeq: number;
  readonly bytes: number;
  /** records of one key: a miss of these fills no cache */
  readonly isKeyed: boolean;
}

interface Span {
  readonly first: number;
  end: number;
  cost: number;
}

export class ShadowCache {
  private readonly policy: EvictionPolicy;
  private readonly spans = new Map<string, Span>();

  constructor(policy: EvictionPolicy) {
    this.policy = policy;
  }

  static ofLru(bytesMax: number): ShadowCache {
    return new ShadowCache(new Lru(bytesMax));
  }

  static ofOwnPolicy(bytesMax: number): ShadowCache {
    return new ShadowCache(new S3Fifo(bytesMax));
  }

  /** True: it would have been a hit. */
  read(read: ReadOfSegment): boolean {
    const span = this.spans.get(read.id);
    if (span !== undefined && span.first <= read.from && read.from < span.end) {
      this.policy.use(read.id);
      return true;
    }
    if (!read.isKeyed) this.hold(read);
    return false;
  }

  /** It was fetched before anybody asked. */
  hold({ id, from, nextSeq, bytes }: Omit<ReadOfSegment, 'isKeyed'>): void {
    let span = this.spans.get(id);
    if (span === undefined || span.end !== from) {
      span = { first: Math.min(from, span?.first ?? from), end: nextSeq, cost: BYTES_OF_SEGMENT };
      this.spans.set(id, span);
    }
    span.end = Math.max(span.end, nextSeq);
    span.cost += bytes;
    for (const evicted of this.policy.put(id, span.cost)) this.spans.delete(evicted);
  }
}

/** What was used longest ago leaves. */
export class Lru implements EvictionPolicy {
  private readonly costs = new Map<string, number>();
  private readonly costMax: number;
  private cost = 0;

  constructor(costMax: number) {
    this.costMax = costMax;
  }

  use(key: string): void {
    const cost = this.costs.get(key);
    if (cost === undefined) return;
    this.costs.delete(key);
    this.costs.set(key, cost);
  }

  put(key: string, cost: number): string[] {
    this.cost += cost - (this.costs.get(key) ?? 0);
    this.costs.delete(key);
    this.costs.set(key, cost);
    const evicted: string[] = [];
    for (const [oldest, itsCost] of this.costs) {
      if (this.cost <= this.costMax) break;
      this.costs.delete(oldest);
      this.cost -= itsCost;
      evicted.push(oldest);
    }
    return evicted;
  }
}
