/**
 * Who gets which shardlets when they are weighed by the load that is expected of them. Free ones are given out at
 * once: a child to the member that had its parent, since what that one keeps of the keys does not travel; the
 * others, heaviest first, to who has the least. Then a plan of hand-overs evens out the rest: the heaviest member gives the
 * lightest one the shardlet that brings the two closest together.
 *
 * A hand-over costs a pause and, with state, a restore. So a plan is made only where it lowers the highest load by
 * START_SHARE, or where a member has next to nothing; once under way it is finished. It does not ping-pong: each
 * hand-over leaves the receiver with less than the giver had, also when the others of its plan come later or
 * never, so the sum of squares of loads falls with every one while weights stay.
 */
import type { Weights } from './weights.ts';

export interface WeighedShardlet {
  readonly id: number;
  /** above 0 */
  readonly weight: number;
  /** undefined: it is free */
  readonly member: string | undefined;
  /** asked for by an earlier plan */
  readonly revoking: boolean;
  /** of a free one: who had the parent */
  readonly heir?: string | undefined;
}

export interface Balance {
  /** free shardlets, with who gets them, in this order */
  readonly given: ReadonlyMap<number, string>;
  /** the members that have these are asked to let go */
  readonly revoking: ReadonlySet<number>;
}

/** A plan that lowers the highest load by less is not worth its hand-overs. */
export const START_SHARE = 0.03;
/** A member with less than this part of the mean gets more, whatever that does to the highest load. */
export const FLOOR_SHARE = 0.5;
/** Good enough: nobody has more than this above the mean. */
const WANTED_ABOVE_MEAN = 0.02;
/** A hand-over narrows the gap between its two members by this part of the mean at least. */
const GAIN_SHARE = 0.01;
/** Of the shardlets, so many may be on their way at once. */
const HAND_OVERS_SHARE = 0.25;
/** Hand-overs of a plan that weigh less than this part of its heaviest one wait for it. */
const FIRST_SHARE = 0.1;
/** A shardlet without any load costs a member something too: this part of the mean. */
const LEAST_SHARE = 0.05;

/** Undefined: nothing is known of any of them. Those of which nothing is known get the mean of the others. */
export function weightsOf(ids: readonly number[], { perSecond }: Weights): Map<number, number> | undefined {
  const known = ids.flatMap((id) => perSecond.get(id) ?? []);
  const mean = known.reduce((sum, weight) => sum + weight, 0) / known.length;
  if (!(mean > 0)) return undefined;
  return new Map(ids.map((id) => [id, Math.max(perSecond.get(id) ?? mean, mean * LEAST_SHARE)]));
}

/** REQUIRES a member at least. Members and shardlets by id: equal states give equal assignments. */
export function balance(members: readonly string[], shardlets: readonly WeighedShardlet[]): Balance {
  const free = shardlets.filter(({ member }) => member === undefined);
  const given = giveOut(
    free,
    loadsOf(members, shardlets, ({ member }) => member),
  );
  // summed anew, in one order: what is settled is settled when it is looked at again, to the last bit
  const loads = loadsOf(members, shardlets, ({ id, member }) => member ?? given.get(id));
  return { given, revoking: handOvers(loads, shardlets) };
}

function loadsOf(
  members: readonly string[],
  shardlets: readonly WeighedShardlet[],
  memberOf: (shardlet: WeighedShardlet) => string | undefined,
): MemberLoad[] {
  const byId = new Map(members.map((id) => [id, new MemberLoad(id)]));
  for (const shardlet of shardlets) {
    const member = memberOf(shardlet);
    if (member !== undefined) byId.get(member)!.add(shardlet);
  }
  return [...byId.values()];
}

function giveOut(free: readonly WeighedShardlet[], loads: readonly MemberLoad[]): Map<number, string> {
  const given = new Map<number, string>();
  const byId = new Map(loads.map((load) => [load.id, load]));
  const give = (shardlet: WeighedShardlet, to: MemberLoad) => {
    to.add(shardlet);
    given.set(shardlet.id, to.id);
  };
  const others = free.filter((shardlet) => {
    const heir = shardlet.heir === undefined ? undefined : byId.get(shardlet.heir);
    if (heir !== undefined) give(shardlet, heir);
    return heir === undefined;
  });
  for (const shardlet of others.sort(heaviestFirst)) give(shardlet, lightestOf(loads));
  return given;
}

/** Ids of shardlets that their members should let go of. */
function handOvers(loads: readonly MemberLoad[], shardlets: readonly WeighedShardlet[]): Set<number> {
  const mean = loads.reduce((sum, { load }) => sum + load, 0) / loads.length;
  const highestBefore = highestOf(loads);
  const lowestBefore = lightestOf(loads).load;
  const plan = new Plan(loads, mean, Math.ceil(shardlets.length * HAND_OVERS_SHARE));
  const ids = plan.made();
  const lowers = highestBefore - highestOf(loads) >= START_SHARE * highestBefore;
  const lifts = lowestBefore < FLOOR_SHARE * mean && lightestOf(loads).load > lowestBefore;
  const isUnderWay = shardlets.some(({ revoking }) => revoking);
  return lowers || lifts || isUnderWay ? ids : new Set();
}

/** Moves shardlets between the loads it is given, from the heaviest to the lightest member. */
class Plan {
  private readonly loads: readonly MemberLoad[];
  private readonly mean: number;
  private readonly handOversMax: number;
  /** who got something gives nothing: each hand-over is worth it without the others */
  private readonly closed = new Set<MemberLoad>();

  constructor(loads: readonly MemberLoad[], mean: number, handOversMax: number) {
    this.loads = loads;
    this.mean = mean;
    this.handOversMax = handOversMax;
  }

  made(): Set<number> {
    const planned: WeighedShardlet[] = [];
    while (planned.length < this.handOversMax) {
      const giver = this.giver();
      const taker = lightestOf(this.loads);
      if (giver === undefined || giver === taker || this.isGood(taker)) break;
      const shardlet = giver.take((giver.load - taker.load) / 2, taker.load, GAIN_SHARE * this.mean);
      if (shardlet === undefined) {
        this.closed.add(giver);
        continue;
      }
      this.closed.add(taker);
      taker.add(shardlet);
      planned.push(shardlet);
    }
    return heaviestOf(planned);
  }

  private giver(): MemberLoad | undefined {
    let heaviest: MemberLoad | undefined;
    for (const load of this.loads)
      if (!this.closed.has(load) && (heaviest === undefined || load.load > heaviest.load)) heaviest = load;
    return heaviest;
  }

  /** Where the heaviest cannot give anything away, nothing lowers the highest load. */
  private isGood(lightest: MemberLoad): boolean {
    if (lightest.load < FLOOR_SHARE * this.mean) return false;
    const giver = this.giver()!;
    return giver.load <= (1 + WANTED_ABOVE_MEAN) * this.mean || giver.load < highestOf(this.loads);
  }
}

class MemberLoad {
  readonly id: string;
  load = 0;
  /** heaviest first; sorted when first needed */
  private readonly held: WeighedShardlet[] = [];
  private isSorted = true;

  constructor(id: string) {
    this.id = id;
  }

  add(shardlet: WeighedShardlet): void {
    this.load += shardlet.weight;
    this.held.push(shardlet);
    this.isSorted = false;
  }

  /** The one nearest to `weight` that leaves who takes it with less than this one had, by `gain` at least. */
  take(weight: number, takersLoad: number, gain: number): WeighedShardlet | undefined {
    if (!this.isSorted) this.held.sort(heaviestFirst);
    this.isSorted = true;
    const lighter = this.firstUpTo(weight);
    const distance = (i: number) => Math.abs((this.held[i]?.weight ?? Number.POSITIVE_INFINITY) - weight);
    const at = distance(lighter - 1) < distance(lighter) ? lighter - 1 : lighter;
    const shardlet = this.held[at];
    if (shardlet === undefined || takersLoad + shardlet.weight > this.load - gain) return undefined;
    this.held.splice(at, 1);
    this.load -= shardlet.weight;
    return shardlet;
  }

  /** Index of the first that weighs no more. */
  private firstUpTo(weight: number): number {
    let [from, to] = [0, this.held.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.held[middle]!.weight > weight) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/**
 * Small ones wait until the large ones have arrived. They are let go of in any order, and each goes to who is lightest by then:
 * a small one would often end where a large one comes after it, and have to leave again.
 */
function heaviestOf(planned: readonly WeighedShardlet[]): Set<number> {
  const heaviest = planned.reduce((most, { weight }) => Math.max(most, weight), 0);
  const first = planned.filter(({ weight }) => weight >= FIRST_SHARE * heaviest);
  return new Set(first.map(({ id }) => id));
}

function heaviestFirst(a: WeighedShardlet, b: WeighedShardlet): number {
  return b.weight - a.weight || a.id - b.id;
}

function lightestOf(loads: readonly MemberLoad[]): MemberLoad {
  let lightest = loads[0]!;
  for (const load of loads) if (load.load < lightest.load) lightest = load;
  return lightest;
}

function highestOf(loads: readonly MemberLoad[]): number {
  return loads.reduce((highest, { load }) => Math.max(highest, load), 0);
}
