/**
 * What prefetching brought: bytes fetched, used and wasted of each source, the wait that was saved, and the hits beside those of
 * caches without it, in the same reads. An object counts as used when it is read before it is given up; whole, as it was
 * fetched whole.
 */

import { isCertain, SOURCES, type Source } from './queue.ts';
import type { PrefetchPoint, SourceTotals } from './report.ts';
import { type ReadOfSegment, ShadowCache } from './shadow-cache.ts';
import { WhatIf } from './what-if.ts';
import { BUCKET_MS, type Outcome } from './worth.ts';

/** What nobody has read for so long is given up. */
export const UNUSED_MS = 600_000;
const FETCHED_MAX = 16_384;
const POINTS_MAX = 288;
/** how much the last miss weighs in what a miss takes */
const MISS_WEIGHT = 0.1;

export interface DemandRead extends ReadOfSegment {
  readonly how: 'hit' | 'wait' | 'miss';
  readonly tookMs: number;
}

export interface FetchedObject {
  readonly id: string;
  readonly source: Source;
  readonly from: number;
  readonly nextSeq: number;
  readonly bytes: number;
  readonly tookMs: number;
}

interface Unused extends FetchedObject {
  readonly atMs: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class PrefetchLedger {
  readonly whatIf = new WhatIf();
  readonly totals: Readonly<Record<Source, Mutable<SourceTotals>>>;
  readonly reads = { reads: 0, hits: 0, waits: 0, cacheHits: 0, lruHits: 0 };
  private readonly unused = new Map<string, Unused>();
  /** what the cache would have had by itself, and with what is certain */
  private readonly lru: ShadowCache;
  private readonly withoutMap: ShadowCache;
  private outcome = { reads: 0, savedMs: 0, wastedMs: 0 };
  private missMs = 0;
  private last = { reads: 0, hits: 0, cacheHits: 0, lruHits: 0, fetchedBytes: 0, wastedBytes: 0 };
  private kept: PrefetchPoint[] = [];
  private meanBytes = 0;

  constructor(bytesMax: number) {
    this.lru = ShadowCache.ofLru(bytesMax);
    this.withoutMap = ShadowCache.ofOwnPolicy(bytesMax);
    const nothing = () => ({
      fetches: 0,
      uses: 0,
      fetchedBytes: 0,
      usedBytes: 0,
      wastedBytes: 0,
      savedMs: 0,
    });
    this.totals = { readAhead: nothing(), warm: nothing(), map: nothing(), reads: nothing() };
  }

  /** of an object that nobody has seen yet */
  get expectedBytes(): number {
    return this.meanBytes;
  }

  get points(): readonly PrefetchPoint[] {
    return this.kept;
  }

  fetched(object: FetchedObject, nowMs: number): void {
    const totals = this.totals[object.source];
    totals.fetches++;
    totals.fetchedBytes += object.bytes;
    this.meanBytes = this.meanBytes === 0 ? object.bytes : 0.9 * this.meanBytes + 0.1 * object.bytes;
    if (isCertain(object.source)) this.withoutMap.hold(object);
    const before = this.unused.get(object.id);
    if (before !== undefined) this.giveUp(before);
    this.unused.set(object.id, { ...object, atMs: nowMs });
    for (const oldest of this.unused.values()) {
      if (this.unused.size <= FETCHED_MAX) break;
      this.giveUp(oldest);
    }
  }

  read(read: DemandRead, nowMs: number): void {
    const { reads } = this;
    reads.reads++;
    if (read.how === 'hit') reads.hits++;
    if (read.how === 'wait') reads.waits++;
    if (this.lru.read(read)) reads.lruHits++;
    const isHitAnyway = this.withoutMap.read(read);
    if (isHitAnyway) reads.cacheHits++;
    this.whatIf.read(read.id, isHitAnyway, nowMs);
    if (read.how === 'miss')
      this.missMs =
        this.missMs === 0 ? read.tookMs : (1 - MISS_WEIGHT) * this.missMs + MISS_WEIGHT * read.tookMs;
    this.outcome.reads++;
    this.outcome.savedMs += this.savedBeside(read, isHitAnyway);
    this.use(read);
  }

  /** Gives up what was not read. */
  expire(nowMs: number): void {
    this.whatIf.expire(nowMs);
    for (const object of this.unused.values()) {
      if (object.atMs + UNUSED_MS >= nowMs) break;
      this.giveUp(object);
    }
  }

  /** The cache let it go, or it is void. */
  dropped(id: string): void {
    const object = this.unused.get(id);
    if (object !== undefined) this.giveUp(object);
  }

  /** Since it was last asked for; once in five minutes. */
  takeOutcome(nowMs: number): Outcome {
    const { outcome } = this;
    this.outcome = { reads: 0, savedMs: 0, wastedMs: 0 };
    this.addPoint(nowMs);
    return outcome;
  }

  private savedBeside({ how, tookMs }: DemandRead, isHitAnyway: boolean): number {
    if (how === 'hit') return isHitAnyway ? 0 : this.missMs;
    if (isHitAnyway) return -tookMs;
    return how === 'wait' ? Math.max(0, this.missMs - tookMs) : 0;
  }

  private use({ id, how, from, tookMs }: DemandRead): void {
    const object = this.unused.get(id);
    if (object === undefined || from < object.from || from >= object.nextSeq) return;
    // it was let go, or void, before it was read
    if (how === 'miss') {
      this.giveUp(object);
      return;
    }
    this.unused.delete(id);
    const totals = this.totals[object.source];
    totals.uses++;
    totals.usedBytes += object.bytes;
    totals.savedMs += Math.max(0, object.tookMs - (how === 'wait' ? tookMs : 0));
  }

  private giveUp(object: Unused): void {
    this.unused.delete(object.id);
    this.totals[object.source].wastedBytes += object.bytes;
    if (!isCertain(object.source)) this.outcome.wastedMs += object.tookMs;
  }

  private addPoint(nowMs: number): void {
    const sum = (of: 'fetchedBytes' | 'wastedBytes') =>
      SOURCES.reduce((total, source) => total + this.totals[source][of], 0);
    const { reads, hits, cacheHits, lruHits } = this.reads;
    const now = {
      ...{ reads, hits, cacheHits, lruHits },
      ...{ fetchedBytes: sum('fetchedBytes'), wastedBytes: sum('wastedBytes') },
    };
    const { last } = this;
    this.last = now;
    const names = Object.keys(now) as (keyof typeof now)[];
    const grown = Object.fromEntries(names.map((name) => [name, now[name] - last[name]])) as typeof now;
    this.kept = [...this.kept, { atMs: nowMs - BUCKET_MS, ...grown }].slice(-POINTS_MAX);
  }
}
