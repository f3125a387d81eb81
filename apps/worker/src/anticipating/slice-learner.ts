/**
 * Learns one slice: reads its shardlets in order, hands what is sampled to the model, and saves the model with the places it stands
 * on. What is handed in waits in the thread's queue, first in first out; reading waits when that is full. It ends when
 * its lease is lost: the state of the last save is all that the next holder needs.
 */
import {
  type ClaimedSlice,
  fittingPlaces,
  type HeldFence,
  type Place,
  placeOf,
  placesFrom,
  placesToStore,
  rangeOfSlice,
  readable,
  type SliceReport,
  type SliceSettings,
  type SliceStore,
  type Step,
  sampledOf,
  shardletsOf,
  startPlaces,
  stepFrom,
} from '@foreshard/core/anticipating';
import type { CachedReads } from '@foreshard/core/caching';
import type { Heads } from '@foreshard/core/heads';
import type { Shardlet, TopologyMap } from '@foreshard/core/topology';
import type { EngineHost } from './engine-host.ts';

const READ_RECORDS_MAX = 1_000;
const READ_BYTES_MAX = 1_000_000;
/** batches of records that wait for the model */
const QUEUE_MAX = 4;
/** Between two looks where nothing was left; a look goes through all shardlets of the slice. */
const PAUSE_MS = 100;
const SAVE_EVERY_MS = 30_000;
/** sooner at first, so that little is learned twice where nothing is saved yet */
const FIRST_SAVE_MS = 5_000;
/** A shardlet whose host does not answer is not asked again for so long. */
const AWAY_MS = 1_000;

export interface LearnerParts {
  readonly engines: EngineHost;
  readonly slices: Pick<SliceStore, 'save'>;
  readonly heads: Pick<Heads, 'follow' | 'lastSeq'>;
  readonly reads: Pick<CachedReads, 'read'>;
  readonly map: () => TopologyMap;
  readonly refresh: () => Promise<unknown>;
  /** monotonic */
  readonly nowMs: () => number;
}

export class SliceLearner {
  readonly held: HeldFence;
  /** as the holder renewed it last */
  settings: SliceSettings;
  private readonly parts: LearnerParts;
  private readonly name: string;
  private readonly ended = new AbortController();
  private readonly queue = new Set<Promise<void>>();
  private readonly awayUntilMs = new Map<number, number>();
  private places: Map<number, Place>;
  private isFresh: boolean;
  private learned: number;
  private dropped: number;
  private behindIn = new Map<number, number>();
  private savedAtMs: number;

  constructor(parts: LearnerParts, claimed: ClaimedSlice) {
    const { stream, slice, fence, settings, progress } = claimed;
    this.parts = parts;
    this.held = { stream, slice, fence };
    this.settings = settings;
    this.name = `${stream}/${slice}/${fence}`;
    this.places = progress === undefined ? new Map() : placesFrom(progress);
    this.isFresh = progress === undefined;
    this.learned = progress?.learned ?? 0;
    this.dropped = progress?.dropped ?? 0;
    this.savedAtMs = parts.nowMs() - SAVE_EVERY_MS + FIRST_SAVE_MS;
  }

  /** Until it is stopped. @throws when the model or the store fails: what is not saved is learned again */
  async run(state: Uint8Array | undefined): Promise<void> {
    const { engines, heads } = this.parts;
    const { isNew } = await engines.open({ slice: this.name, settings: this.settings, state });
    if (isNew) this.forgetAll();
    const unfollow = heads.follow(this.held.stream);
    try {
      while (!this.ended.signal.aborted) await this.round();
      await Promise.all(this.queue);
    } finally {
      unfollow();
    }
  }

  stop(): void {
    this.ended.abort();
  }

  /** The model is let go. */
  async close(): Promise<void> {
    await this.parts.engines.close(this.name).catch(() => {});
  }

  /** False: the lease is lost. */
  async save(): Promise<boolean> {
    // places and state are of the same moment: what is handed in later is behind the question
    const progress = {
      places: placesToStore(this.places),
      learned: this.learned,
      dropped: this.dropped,
    };
    this.savedAtMs = this.parts.nowMs();
    const state = await this.parts.engines.save(this.name);
    return this.parts.slices.save(this.held, progress, state);
  }

  report(nowMs: number): Promise<SliceReport> {
    const { learned, dropped } = this;
    return this.parts.engines.report({ slice: this.name, learned, dropped, behind: this.behind(), nowMs });
  }

  private async round(): Promise<void> {
    const range = rangeOfSlice(this.held.slice, this.settings.slices);
    const shardlets = shardletsOf(this.parts.map(), this.held.stream, range);
    if (this.isFresh) this.places = startPlaces(shardlets);
    this.isFresh = false;
    const { places, isSetBack } = fittingPlaces(this.places, shardlets);
    this.places = places;
    if (isSetBack) await this.handIn([], true);
    let hasMore = false;
    for (const shardlet of readable(shardlets, this.places)) {
      if (this.ended.signal.aborted) return;
      if (this.mayHaveMore(shardlet)) hasMore = (await this.readNext(shardlet)) || hasMore;
    }
    if (this.parts.nowMs() - this.savedAtMs >= SAVE_EVERY_MS && !(await this.save())) this.stop();
    if (!hasMore) await this.pause();
  }

  private mayHaveMore(shardlet: Shardlet): boolean {
    if ((this.awayUntilMs.get(shardlet.id) ?? 0) > this.parts.nowMs()) return false;
    const last = this.parts.heads.lastSeq(shardlet.id);
    return last === undefined || last > placeOf(this.places, shardlet).seq || shardlet.state.kind !== 'open';
  }

  /** Whether something was there. */
  private async readNext(shardlet: Shardlet): Promise<boolean> {
    const place = placeOf(this.places, shardlet);
    const options = { maxRecords: READ_RECORDS_MAX, maxBytes: READ_BYTES_MAX };
    try {
      const reply = await this.parts.reads.read(shardlet, place.seq + 1, place.epoch, options);
      // of a later epoch than the map's: a loss before it may have to set the place back first
      const isNewer = reply.kind === 'records' && reply.epoch > shardlet.epoch;
      if (reply.kind === 'stale' || isNewer) {
        await this.parts.refresh().catch(() => {});
        return false;
      }
      const step = stepFrom(place, reply);
      if (step === undefined) this.behindIn.delete(shardlet.id);
      else await this.take(shardlet, step);
      return step !== undefined;
    } catch (error) {
      if ((error as Error).name !== 'HostUnreachable') throw error;
      this.awayUntilMs.set(shardlet.id, this.parts.nowMs() + AWAY_MS);
      return false;
    }
  }

  private async take(shardlet: Shardlet, { place, records, dropped, behind }: Step): Promise<void> {
    const { slice } = this.held;
    const { slices, share, attributes } = this.settings;
    const events = sampledOf(records, shardlet.id, { range: rangeOfSlice(slice, slices), share, attributes });
    // what was there before a first look was never to be learned
    if (this.places.has(shardlet.id) || this.learned > 0) this.dropped += dropped;
    if (events.length > 0 || dropped > 0) await this.handIn(events, dropped > 0);
    this.learned += events.length;
    this.places.set(shardlet.id, place);
    this.behindIn.set(shardlet.id, behind);
  }

  private async handIn(events: ReturnType<typeof sampledOf>, isGap: boolean): Promise<void> {
    while (this.queue.size >= QUEUE_MAX) await Promise.race(this.queue);
    const done = this.parts.engines.learn({ slice: this.name, events, isGap });
    const waiting = done.finally(() => this.queue.delete(waiting));
    // the round that waits for it, or the last one, throws it
    waiting.catch(() => {});
    this.queue.add(waiting);
  }

  private behind(): number {
    let sum = 0;
    for (const [shardlet, known] of this.behindIn) {
      const last = this.parts.heads.lastSeq(shardlet);
      const seq = this.places.get(shardlet)?.seq;
      sum += last === undefined || seq === undefined ? known : Math.max(0, last - seq);
    }
    return sum;
  }

  private forgetAll(): void {
    this.places = new Map();
    this.isFresh = true;
    this.learned = 0;
    this.dropped = 0;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.ended.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, PAUSE_MS);
      this.ended.signal.addEventListener('abort', done);
      if (this.ended.signal.aborted) done();
    });
  }
}
