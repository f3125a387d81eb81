/**
 * One handler reads objects one after the other from a cache of fixed size. The clock: an access begins at its recorded time, or when the
 * one before is done; a read that is not held takes FETCH_MS, and the handler works WORK_MS on it. Four fetches ahead are under way at
 * most. An object that lands before it is needed is in time; one that is under way is waited for.
 */
import { BUCKET_MS, type EvictionPolicy, PrefetchLedger, Worth } from '@foreshard/core/prefetching';
import type { Predictor } from './predictors.ts';
import type { Access } from './traces.ts';

export const FETCH_MS = 2;
export const WORK_MS = 4;
const CALLS_MAX = 4;
const WAITING_MAX = 64;

export interface ReplayOptions {
  readonly cache: EvictionPolicy;
  readonly capacity: number;
  readonly predictor: Predictor;
  readonly threshold: number;
  /** stands aside where it does not pay */
  readonly isJudged: boolean;
}

export interface Replayed {
  readonly waitsMs: Float32Array;
  /** [access]: objects fetched ahead so far, and those of them that left without a use */
  readonly fetched: Uint32Array;
  readonly wasted: Uint32Array;
  readonly hits: Uint32Array;
  /** undefined: it never stood aside */
  readonly asideAtMs: number | undefined;
  readonly spanMs: number;
}

export function replay(accesses: readonly Access[], options: ReplayOptions): Replayed {
  return new Replay(accesses, options).run();
}

class Replay {
  private readonly accesses: readonly Access[];
  private readonly options: ReplayOptions;
  private readonly held = new Set<string>();
  private readonly unused = new Set<string>();
  /** in the order in which they land */
  private readonly flights = new Map<string, { readonly landsMs: number; readonly startedMs: number }>();
  private waiting: string[] = [];
  private readonly ledger: PrefetchLedger | undefined;
  private worth: Worth | undefined;
  private judgedMs = 0;
  private asideAtMs: number | undefined;
  private fetchedCount = 0;
  private wastedCount = 0;
  private hitCount = 0;

  constructor(accesses: readonly Access[], options: ReplayOptions) {
    this.accesses = accesses;
    this.options = options;
    if (options.isJudged) this.ledger = new PrefetchLedger(options.capacity * LEDGER_BYTES);
  }

  run(): Replayed {
    const { accesses } = this;
    const waitsMs = new Float32Array(accesses.length);
    const series = () => new Uint32Array(accesses.length);
    const [fetched, wasted, hits] = [series(), series(), series()];
    let nowMs = accesses[0]!.timeMs;
    const startMs = nowMs;
    this.judgedMs = nowMs;
    if (this.ledger !== undefined) this.worth = new Worth(nowMs);
    for (const [i, access] of accesses.entries()) {
      nowMs = Math.max(nowMs, access.timeMs);
      this.advance(nowMs);
      const waitMs = this.access(access.id, nowMs);
      nowMs += waitMs;
      waitsMs[i] = waitMs;
      this.expect(access, i, nowMs);
      nowMs += WORK_MS;
      fetched[i] = this.fetchedCount;
      wasted[i] = this.wastedCount;
      hits[i] = this.hitCount;
    }
    return { waitsMs, fetched, wasted, hits, asideAtMs: this.asideAtMs, spanMs: nowMs - startMs };
  }

  /** What has landed by now is held, and others take its place on the way. */
  private advance(nowMs: number): void {
    for (;;) {
      const next = this.flights.entries().next().value;
      if (next === undefined || next[1].landsMs > nowMs) break;
      const [id, { landsMs, startedMs }] = next;
      this.land(id, landsMs, startedMs);
      this.launch(landsMs);
    }
    if (this.worth === undefined || nowMs - this.judgedMs < BUCKET_MS) return;
    this.judgedMs = nowMs;
    this.ledger!.expire(nowMs);
    this.worth.observe(this.ledger!.takeOutcome(nowMs), nowMs);
    if (!this.worth.isOn) this.asideAtMs ??= nowMs - this.accesses[0]!.timeMs;
  }

  private access(id: string, nowMs: number): number {
    const flight = this.flights.get(id);
    const isHit = this.held.has(id);
    const waitMs = isHit ? 0 : flight === undefined ? FETCH_MS : flight.landsMs - nowMs;
    if (flight !== undefined) this.land(id, flight.landsMs, flight.startedMs);
    this.waiting = this.waiting.filter((one) => one !== id);
    const how = isHit ? 'hit' : flight === undefined ? 'miss' : 'wait';
    const read = { id, from: 1, nextSeq: 2, bytes: RECORD_BYTES, isKeyed: false } as const;
    this.ledger?.read({ ...read, how, tookMs: waitMs }, nowMs);
    if (isHit) this.hitCount++;
    this.unused.delete(id);
    if (this.held.has(id)) this.options.cache.use(id);
    else this.hold(id);
    return waitMs;
  }

  private expect(access: Access, at: number, nowMs: number): void {
    const expected = this.options.predictor.observe(access, at);
    if (this.worth?.isOn === false) return;
    for (const { id, probability } of expected) {
      if (probability < this.options.threshold || this.held.has(id) || this.flights.has(id)) continue;
      if (!this.waiting.includes(id)) this.waiting.push(id);
    }
    if (this.waiting.length > WAITING_MAX) this.waiting = this.waiting.slice(-WAITING_MAX);
    this.launch(nowMs);
  }

  private launch(nowMs: number): void {
    while (this.flights.size < CALLS_MAX && this.waiting.length > 0) {
      const id = this.waiting.shift()!;
      if (this.held.has(id) || this.flights.has(id)) continue;
      this.fetchedCount++;
      this.flights.set(id, { startedMs: nowMs, landsMs: nowMs + FETCH_MS });
    }
  }

  private land(id: string, landsMs: number, startedMs: number): void {
    this.flights.delete(id);
    this.unused.add(id);
    if (!this.held.has(id)) this.hold(id);
    const object = { id, source: 'map', from: 1, nextSeq: 2, bytes: RECORD_BYTES } as const;
    this.ledger?.fetched({ ...object, tookMs: landsMs - startedMs }, landsMs);
  }

  private hold(id: string): void {
    this.held.add(id);
    for (const evicted of this.options.cache.put(id, 1)) {
      this.held.delete(evicted);
      if (this.unused.delete(evicted)) this.wastedCount++;
    }
  }
}

/** With what a segment costs beside its records, one object of the ledger's shadows costs as much. */
const RECORD_BYTES = 512;
const LEDGER_BYTES = 1_024;
