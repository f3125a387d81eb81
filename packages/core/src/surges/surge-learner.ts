/**
 * Learns online which events announce a burst elsewhere: an event of a type in a range, a burst in another range after a lag. An
 * event costs a count and, at most once a minute and cause, a place in a ring; the rest is done when a burst begins. Nothing is
 * announced until the evidence is beyond what as many questions find by chance. Memory is bounded: of the causes those that come
 * least give way.
 */
import { AnnouncingLink, type Finding, probabilityOf, SHIFTS, WINDOW } from './announcing-link.ts';
import { type Burst, BurstWatch } from './burst-watch.ts';
import { SurgeScore } from './surge-score.ts';

export interface SurgeOptions {
  readonly ranges: number;
  /** of the load of all ranges, what a burst has at least */
  readonly shareMin: number;
  /** kinds of causes that are kept */
  readonly causesMax: number;
  /** of the links that chance alone would show, in the whole model */
  readonly falseLinks: number;
}

export const SURGE_OPTIONS: SurgeOptions = {
  ranges: 256,
  shareMin: 0.005,
  causesMax: 1_024,
  falseLinks: 0.05,
};

/** A burst is a cause of its own, of other bursts. */
export const BURST_TYPE = 'burst';

export interface Announcement {
  readonly id: number;
  readonly type: string;
  readonly source: number;
  readonly target: number;
  readonly announcedAt: number;
  readonly expectedAt: number;
  /** the burst has begun by then, or does not come */
  readonly until: number;
  readonly probability: number;
  /** events a minute above what is usual */
  readonly extra: number;
  readonly minutes: number;
  readonly hits: number;
  readonly causes: number;
  readonly byChance: number;
  /** it came at this minute */
  cameAt?: number;
}

interface Cause {
  readonly type: string;
  readonly source: number;
  count: number;
  /** minutes of the newest ones, oldest first */
  readonly recent: { readonly number: number; readonly at: number }[];
  readonly links: Map<number, AnnouncingLink>;
  /** those of which the evidence is enough */
  readonly known: Map<number, Finding>;
}

/** what comes in so many of the minutes that are remembered announces nothing, and would cost most */
const COMMON = 60;
const HISTORY = (1 + SHIFTS) * WINDOW;
const LINKS_PER_CAUSE = 64;
/** lags spans a link may choose from */
const SPANS = 8;
/** of the extra and the length of the bursts of a range, a burst */
const SIZE_MEMORY = 0.7;
const SLACK = 4;

export class SurgeLearner {
  readonly score = new SurgeScore();
  private readonly options: SurgeOptions;
  private readonly watch: BurstWatch;
  private readonly causes = new Map<string, Cause>();
  private readonly sizes: ({ extra: number; minutes: number } | undefined)[] = [];
  private open: Announcement[] = [];
  private nextId = 1;

  constructor(options: SurgeOptions = SURGE_OPTIONS) {
    this.options = options;
    this.watch = new BurstWatch(options);
  }

  /** An event that may announce something, in order of time. */
  observe(type: string, source: number, at: number): void {
    const name = `${source} ${type}`;
    const cause = this.causes.get(name) ?? this.heardOf(name, type, source);
    // many in one minute say no more than one
    if (cause.recent.at(-1)?.at === at) return;
    cause.count++;
    cause.recent.push({ number: cause.count, at });
    while (cause.recent[0]!.at < at - HISTORY || cause.recent.length > COMMON) cause.recent.shift();
    if (!isCommon(cause)) this.announce(cause, at);
  }

  /** The minute has ended, with so many events of each range. */
  minute(at: number, loads: ArrayLike<number>): void {
    const { started, ended } = this.watch.minute(at, loads);
    for (const burst of started) this.started(burst, at);
    for (const burst of ended) this.sized(burst);
    for (const burst of started) this.observe(BURST_TYPE, burst.range, at);
    this.expire(at);
  }

  /** What is expected, or lasts. */
  announced(): readonly Announcement[] {
    return this.open;
  }

  get causeCount(): number {
    return this.causes.size;
  }

  knows(type: string, source: number): boolean {
    return this.causes.has(`${source} ${type}`);
  }

  get hasLinks(): boolean {
    for (const { known } of this.causes.values()) if (known.size > 0) return true;
    return false;
  }

  links(): readonly (Finding & {
    readonly type: string;
    readonly source: number;
    readonly target: number;
  })[] {
    return [...this.causes.values()].flatMap(({ type, source, known }) =>
      [...known].map(([target, finding]) => ({ type, source, target, ...finding })),
    );
  }

  /** Links that the same rule finds when causes are shifted: how many of the real ones are chance. */
  falseLinks(): number {
    let found = 0;
    for (const cause of this.causes.values())
      for (const link of cause.links.values())
        if ((link.find(cause.count, 1)?.evidence ?? 0) > this.evidenceMin) found++;
    return found;
  }

  private get evidenceMin(): number {
    return Math.log((this.causes.size * this.options.ranges * SPANS) / this.options.falseLinks);
  }

  private heardOf(name: string, type: string, source: number): Cause {
    if (this.causes.size >= this.options.causesMax) {
      let least: [string, Cause] | undefined;
      for (const one of this.causes) if (least === undefined || one[1].count < least[1].count) least = one;
      this.causes.delete(least![0]);
    }
    const cause: Cause = { type, source, count: 0, recent: [], links: new Map(), known: new Map() };
    this.causes.set(name, cause);
    return cause;
  }

  private started({ range }: Burst, at: number): void {
    for (const cause of this.causes.values()) {
      // that a burst goes on, or spreads to the next range, announces nothing
      if (cause.type === BURST_TYPE && Math.abs(cause.source - range) <= 1) continue;
      if (isCommon(cause)) continue;
      for (const { number, at: causedAt } of cause.recent) {
        const age = at - causedAt;
        if (age < 0 || age >= HISTORY) continue;
        this.linkOf(cause, range)?.follow(number, age);
      }
      this.judge(cause, range);
    }
    this.arrived(range, at);
  }

  private linkOf({ links }: Cause, target: number): AnnouncingLink | undefined {
    const known = links.get(target);
    if (known !== undefined || links.size >= LINKS_PER_CAUSE) return known;
    const link = new AnnouncingLink();
    links.set(target, link);
    return link;
  }

  private judge(cause: Cause, target: number): void {
    const finding = cause.links.get(target)?.find(cause.count);
    if (finding !== undefined && finding.evidence > this.evidenceMin) cause.known.set(target, finding);
    else cause.known.delete(target);
  }

  private announce(cause: Cause, at: number): void {
    for (const target of [...cause.known.keys()]) {
      // as of now: what has not come meanwhile counts as well
      this.judge(cause, target);
      const finding = cause.known.get(target);
      const size = this.sizes[target];
      if (finding === undefined || size === undefined) continue;
      const lags = cause.links.get(target)!.recentLags(finding);
      const known = this.open.find(
        (one) => one.type === cause.type && one.source === cause.source && one.target === target,
      );
      if (known !== undefined && known.cameAt === undefined && at - known.announcedAt < finding.from)
        continue;
      this.open.push({
        ...{ id: this.nextId++, type: cause.type, source: cause.source, target, announcedAt: at },
        expectedAt: at + lags[lags.length >> 1]!,
        until: at + lags.at(-1)! + SLACK,
        probability: probabilityOf(finding),
        ...{ extra: size.extra, minutes: size.minutes },
        ...{ hits: finding.hits, causes: finding.causes, byChance: finding.byChance },
      });
    }
  }

  private arrived(range: number, at: number): void {
    const announced = this.open.filter(
      (one) => one.target === range && one.cameAt === undefined && one.until >= at,
    );
    for (const one of announced) {
      one.cameAt = at;
      this.score.came(one.probability, at - one.announcedAt);
    }
    this.score.burst(announced.length > 0);
  }

  private sized({ range, extra, minutes }: Burst): void {
    const known = this.sizes[range];
    const mix = (a: number, b: number) => SIZE_MEMORY * a + (1 - SIZE_MEMORY) * b;
    this.sizes[range] =
      known === undefined
        ? { extra, minutes }
        : { extra: mix(known.extra, extra), minutes: mix(known.minutes, minutes) };
  }

  /** An end that does not depend on anybody: each has its time, and is passed over after it. */
  private expire(at: number): void {
    this.open = this.open.filter((one) => {
      if (endOf(one) > at) return true;
      if (one.cameAt === undefined) this.score.expired(one.probability);
      return false;
    });
  }
}

function isCommon({ recent }: Cause): boolean {
  return recent.length >= COMMON;
}

/** The minute from which nobody counts with it. */
export function endOf({ until, cameAt, minutes }: Announcement): number {
  return cameAt === undefined ? until : cameAt + minutes;
}
