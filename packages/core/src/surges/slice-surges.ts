/**
 * The learner of surges on a live stream: minutes are those of the events, and what is not worth a minute's attention is passed over. It
 * sees a part of the keys, so loads are counted up to all of them.
 */
import {
  type Announcement,
  BURST_TYPE,
  endOf,
  SURGE_OPTIONS,
  SurgeLearner,
  type SurgeOptions,
} from './surge-learner.ts';
import type { SurgeFigures } from './surge-score.ts';

export interface AnnouncedSurge {
  readonly id: number;
  /** of the events that announce it, or `burst` */
  readonly type: string;
  /** positions in [0, 1) of all keys: of the cause, and of the burst */
  readonly source: readonly [number, number];
  readonly target: readonly [number, number];
  readonly announcedAtMs: number;
  readonly expectedAtMs: number;
  /** nobody counts with it from then on, whether anybody lives to say so or not */
  readonly endsAtMs: number;
  readonly cameAtMs: number | null;
  readonly probability: number;
  readonly eventsPerSecond: number;
  readonly minutes: number;
  /** evidence: causes that a burst followed in time, of the newest ones, and of as many shifted ones */
  readonly hits: number;
  readonly causes: number;
  readonly byChance: number;
}

export interface SurgeReport {
  readonly announced: readonly AnnouncedSurge[];
  readonly figures: SurgeFigures;
  readonly links: number;
  readonly linksByChance: number;
}

const MINUTE_MS = 60_000;
const SECONDS = 60;
/** kinds of events are told apart by parts of the keys so large that they come again */
const AREAS = 16;
const POSITIONS = 2 ** 32;
/** while a backlog is read, shardlets are not in order of time to each other */
const LATE_MINUTES = 5;
/** a longer silence starts anew from its end */
const SILENCE_MINUTES = 600;
const TYPE_CHARS_MAX = 128;

export class SliceSurges {
  private readonly learner: SurgeLearner;
  private readonly options: SurgeOptions;
  private loads: Float64Array;
  private current: number | undefined;

  constructor(options: SurgeOptions = SURGE_OPTIONS) {
    this.options = options;
    this.learner = new SurgeLearner(options);
    this.loads = new Float64Array(options.ranges);
  }

  /** `keyHash`: the high part of the position of its key. */
  observe(type: string, keyHash: number, timeMs: number): void {
    const minute = Math.floor(timeMs / MINUTE_MS);
    this.current ??= minute;
    if (minute < this.current - LATE_MINUTES) return;
    if (minute > this.current) this.advance(minute);
    const place = keyHash / POSITIONS;
    this.loads[Math.floor(place * this.options.ranges)]!++;
    this.learner.observe(type.slice(0, TYPE_CHARS_MAX), Math.floor(place * AREAS), this.current);
  }

  /** `share` of the keys is learned. */
  report(nowMs: number, share: number): SurgeReport {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (this.current !== undefined && minute > this.current) this.advance(minute);
    return {
      announced: this.learner
        .announced()
        .map((one) => this.surgeOf(one, share))
        .filter(({ endsAtMs }) => endsAtMs > nowMs),
      figures: this.learner.score.figures(),
      links: this.learner.links().length,
      linksByChance: this.learner.falseLinks(),
    };
  }

  private advance(minute: number): void {
    const from = Math.max(this.current!, minute - SILENCE_MINUTES);
    for (let at = from; at < minute; at++) {
      this.learner.minute(at, this.loads);
      this.loads.fill(0);
    }
    this.current = minute;
  }

  private surgeOf(one: Announcement, share: number): AnnouncedSurge {
    const part = (at: number, of: number): readonly [number, number] => [at / of, (at + 1) / of];
    const { ranges } = this.options;
    return {
      ...{ id: one.id, type: one.type },
      source: part(one.source, one.type === BURST_TYPE ? ranges : AREAS),
      target: part(one.target, ranges),
      announcedAtMs: one.announcedAt * MINUTE_MS,
      expectedAtMs: one.expectedAt * MINUTE_MS,
      endsAtMs: endOf(one) * MINUTE_MS,
      cameAtMs: one.cameAt === undefined ? null : one.cameAt * MINUTE_MS,
      probability: one.probability,
      eventsPerSecond: one.extra / SECONDS / share,
      ...{ minutes: one.minutes, hits: one.hits, causes: one.causes, byChance: one.byChance },
    };
  }
}
