/**
 * What the learner of surges knows in a replay, and which of it the planner keeps room for. It learns from the past of the workload and
 * from each minute that has ended; a workload without kinds of events has bursts alone, which may announce each other.
 */
import {
  type Announcement,
  overOf,
  type ReserveCase,
  SURGE_OPTIONS,
  type SurgeFigures,
  SurgeLearner,
  worthOf,
} from '../../surges/index.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

export interface ReservedLoad {
  /** events a minute that are still to come */
  waits: number;
  /** of a burst that has begun: at least so many until it ends */
  runs: number;
}

interface ReserveChoice {
  readonly reserve: number;
  readonly fullness: number;
}

export interface ReserveFigures extends SurgeFigures {
  readonly links: number;
  readonly linksByChance: number;
  readonly reserves: number;
  /** of the reserves, those of bursts that did not come */
  readonly reservesUnused: number;
  /** host-minutes that the unused ones were taken to cost */
  readonly costOfUnused: number;
}

export class AnnouncedLoad {
  private readonly workload: Workload;
  private readonly learner = new SurgeLearner(SURGE_OPTIONS);
  private readonly rangeOf: Int32Array;
  private readonly keysIn = new Int32Array(SURGE_OPTIONS.ranges);
  /** cost of what was reserved, by the number of the announcement */
  private readonly reserves = new Map<number, { cost: number; came: boolean }>();
  private nextMark = 0;
  private hasPast = false;

  constructor(workload: Workload, position: Float64Array) {
    this.workload = workload;
    this.rangeOf = Int32Array.from(position, rangeAt);
    for (const range of this.rangeOf) this.keysIn[range]!++;
  }

  /** Everything before this minute has happened. */
  learn(world: World, minute: number): void {
    if (!this.hasPast) this.learnPast();
    else this.ended(minute - 1, world.keyLast);
  }

  /** Something is known to announce bursts. */
  get isOfUse(): boolean {
    return this.learner.hasLinks;
  }

  /** By piece. */
  reserved(world: World, choice: ReserveChoice): ReadonlyMap<number, ReservedLoad> {
    const announced = this.learner.announced();
    const loads = new Map<number, ReservedLoad>();
    if (announced.length === 0 || choice.reserve === 0) return loads;
    this.decide(world, choice, announced);
    const byRange = new Map<number, ReservedLoad>();
    for (const one of announced) {
      if (!this.reserves.has(one.id)) continue;
      const load = byRange.get(one.target) ?? { waits: 0, runs: 0 };
      // what may not come counts for its probability
      if (one.cameAt === undefined) load.waits = Math.max(load.waits, one.probability * one.extra);
      else load.runs = Math.max(load.runs, one.extra);
      byRange.set(one.target, load);
    }
    for (const { id, keys, share } of world.pieces)
      for (const key of keys) {
        const own = byRange.get(this.rangeOf[key]!);
        if (own === undefined) continue;
        const load = loads.get(id) ?? { waits: 0, runs: 0 };
        const part = share / this.keysIn[this.rangeOf[key]!]!;
        load.waits += part * own.waits;
        load.runs += part * own.runs;
        loads.set(id, load);
      }
    return loads;
  }

  figures(): ReserveFigures {
    const unused = [...this.reserves.values()].filter(({ came }) => !came);
    return {
      ...this.learner.score.figures(),
      links: this.learner.links().length,
      linksByChance: this.learner.falseLinks(),
      reserves: this.reserves.size,
      reservesUnused: unused.length,
      costOfUnused: unused.reduce((sum, { cost }) => sum + cost, 0),
    };
  }

  /** What one event announces comes together, so it is judged together. */
  private decide(
    world: World,
    { reserve, fullness }: ReserveChoice,
    announced: readonly Announcement[],
  ): void {
    const open = new Map<string, Announcement[]>();
    for (const one of announced) {
      const known = this.reserves.get(one.id);
      if (known !== undefined) known.came = one.cameAt !== undefined;
      else if (one.cameAt === undefined) {
        const cause = `${one.type} ${one.source} ${one.announcedAt}`;
        open.set(cause, [...(open.get(cause) ?? []), one]);
      }
    }
    for (const group of open.values()) {
      const { cost, isWorth } = worthOf(this.caseOf(world, fullness, group), reserve);
      if (isWorth)
        for (const { id } of group) this.reserves.set(id, { cost: cost / group.length, came: false });
    }
  }

  private caseOf(world: World, fullness: number, group: readonly Announcement[]): ReserveCase {
    const { capacity, copyCpu, copySpeed, bytesPerEvent } = world.model;
    const extraIn = new Map(group.map(({ target, extra }) => [target, extra]));
    const hosts = world.fleet.status.map(() => ({ load: 0, capacity, extra: 0 }));
    let bytes = 0;
    for (const { id, host, keys, share } of world.pieces) {
      const own = keys.filter((key) => extraIn.has(this.rangeOf[key]!));
      if (own.length > 0) bytes += world.bytesOf(id);
      for (const key of keys) hosts[host]!.load += share * world.keyRate[key]!;
      for (const key of own)
        hosts[host]!.extra += (share * extraIn.get(this.rangeOf[key]!)!) / this.keysIn[this.rangeOf[key]!]!;
    }
    return {
      probability: Math.max(...group.map(({ probability }) => probability)),
      minutes: Math.max(...group.map(({ minutes }) => minutes)),
      over: overOf(hosts, fullness),
      copyMinutes: bytes / (copySpeed * capacity * bytesPerEvent),
      copyShare: copyCpu,
    };
  }

  private learnPast(): void {
    this.hasPast = true;
    const { pastByKey, keyCount } = this.workload;
    if (pastByKey === undefined) return;
    const minutes = pastByKey.length / keyCount;
    for (let minute = 0; minute < minutes; minute++)
      this.ended(minute - minutes, pastByKey.subarray(minute * keyCount, (minute + 1) * keyCount));
    this.learner.score.reset();
  }

  private ended(minute: number, keys: ArrayLike<number>): void {
    const { marks = [] } = this.workload;
    for (; this.nextMark < marks.length && marks[this.nextMark]!.minute <= minute; this.nextMark++) {
      const mark = marks[this.nextMark]!;
      this.learner.observe(mark.type, rangeAt(mark.position), mark.minute);
    }
    const loads = new Float64Array(SURGE_OPTIONS.ranges);
    for (let key = 0; key < keys.length; key++) loads[this.rangeOf[key]!]! += keys[key]!;
    this.learner.minute(minute, loads);
  }
}

function rangeAt(position: number): number {
  return Math.floor(position * SURGE_OPTIONS.ranges);
}
