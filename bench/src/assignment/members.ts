/**
 * Members of a group over the day: they are added for the daytime, replaced one by one by a deployment at noon, and some
 * fail. Each polls several times a step, with the product's own rule of assignment.
 */
import {
  attend,
  commit,
  EMPTY_GROUP,
  type Group,
  type GroupState,
  NO_WEIGHTS,
} from '@foreshard/core/consuming';
import { type Random, seededRandom } from '@foreshard/core/kernel';
import type { LayoutStep } from './layout.ts';
import { STEPS_PER_DAY } from './route-loads.ts';

export interface DayOfMembers {
  /** by step: the most loaded member over the mean of all */
  readonly maxOverMean: readonly number[];
  readonly maxSum: number;
  readonly meanSum: number;
  /** shardlets that went from one member to another, or to another than had the parents */
  readonly handOvers: number;
  /** of them, those that a member left behind when it ended */
  readonly unavoidable: number;
}

const GROUP: Group = { name: 'g', stream: 1, sessionMs: 600_000 };
const POLLS_PER_STEP = 4;
const NIGHT_MEMBERS = 6;
const DAY_MEMBERS = 9;
const ADDED_AT = STEPS_PER_DAY * (6 / 24);
const REMOVED_AT = STEPS_PER_DAY * (21 / 24);
const DEPLOYED_AT = STEPS_PER_DAY * (12 / 24);
const FAILURES = 2;

export function dayOfMembers(steps: readonly LayoutStep[], seed: number, isWeighed: boolean): DayOfMembers {
  const day = new Day(isWeighed);
  const random = seededRandom(seed);
  const failures = new Set(Array.from({ length: FAILURES }, () => Math.floor(random.next() * steps.length)));
  for (let i = 0; i < NIGHT_MEMBERS; i++) day.join();
  day.poll(steps[0]!, random);
  day.forgetHandOvers();
  for (const [at, step] of steps.entries()) {
    if (at === ADDED_AT) for (let i = NIGHT_MEMBERS; i < DAY_MEMBERS; i++) day.join();
    if (at === REMOVED_AT) for (let i = NIGHT_MEMBERS; i < DAY_MEMBERS; i++) day.leave(step, 0);
    if (at >= DEPLOYED_AT && at < DEPLOYED_AT + DAY_MEMBERS) {
      day.join();
      day.poll(step, random);
      day.leave(step, 0);
    }
    if (failures.has(at)) {
      day.leave(step, Math.floor(random.next() * day.size));
      day.poll(step, random);
      day.join();
    }
    day.poll(step, random);
    day.measure(step);
  }
  return day.result();
}

class Day {
  private readonly isWeighed: boolean;
  private members: string[] = [];
  private joined = 0;
  private state: GroupState = EMPTY_GROUP;
  private readonly heldBy = new Map<number, string>();
  private readonly maxOverMean: number[] = [];
  private maxSum = 0;
  private meanSum = 0;
  private handOvers = 0;
  private unavoidable = 0;

  constructor(isWeighed: boolean) {
    this.isWeighed = isWeighed;
  }

  get size(): number {
    return this.members.length;
  }

  join(): void {
    this.members.push(`m${String(this.joined++).padStart(3, '0')}`);
  }

  leave(step: LayoutStep, index: number): void {
    const [member] = this.members.splice(index, 1);
    for (const holder of this.heldBy.values()) if (holder === member) this.unavoidable++;
    this.attend(step, member!, true);
  }

  poll(step: LayoutStep, random: Random): void {
    for (let i = 0; i < POLLS_PER_STEP; i++)
      for (const member of shuffled(this.members, random)) {
        this.finish(step, member);
        this.attend(step, member, false);
      }
  }

  measure({ loads }: LayoutStep): void {
    const sums = new Map(this.members.map((member) => [member, 0]));
    let total = 0;
    for (const [id, load] of loads) {
      const member = this.heldBy.get(id);
      total += load;
      if (member === undefined) throw new Error(`nobody has ${id}`);
      sums.set(member, sums.get(member)! + load);
    }
    const most = Math.max(...sums.values());
    const mean = total / sums.size;
    this.maxSum += most;
    this.meanSum += mean;
    if (mean > 0) this.maxOverMean.push(most / mean);
  }

  forgetHandOvers(): void {
    this.handOvers = this.unavoidable = 0;
  }

  result(): DayOfMembers {
    const { maxOverMean, maxSum, meanSum, handOvers, unavoidable } = this;
    return { maxOverMean, maxSum, meanSum, handOvers, unavoidable };
  }

  /** Commits the ends of what was closed. */
  private finish({ map }: LayoutStep, member: string): void {
    const positions = [...this.state.checkpoints.values()].flatMap((c) => {
      const isClosed = map.shardlet(c.shardlet)?.state.kind === 'closed';
      if (c.member !== member || c.seq > 0 || !isClosed) return [];
      return [{ shardlet: c.shardlet, seq: 1, epoch: 1, assignment: c.assignment }];
    });
    if (positions.length > 0) this.state = commit(this.state, { member, positions }).state;
  }

  private attend({ map, weights }: LayoutStep, member: string, leaving: boolean): void {
    const sign = { member, subject: 's', nowMs: 0, busy: new Set<number>(), leaving };
    const known = this.isWeighed ? { atMs: 1, perSecond: weights } : NO_WEIGHTS;
    this.state = attend(GROUP, this.state, map, sign, known);
    for (const c of this.state.checkpoints.values()) {
      if (c.member === undefined || this.heldBy.get(c.shardlet) === c.member) continue;
      const parents = map.shardlet(c.shardlet)!.parents;
      const had = [...parents, c.shardlet].flatMap((id) => this.heldBy.get(id) ?? []);
      if (had.length > 0 && !had.includes(c.member)) this.handOvers++;
      else if (this.heldBy.has(c.shardlet)) this.handOvers++;
      this.heldBy.set(c.shardlet, c.member);
    }
  }
}

function shuffled(members: readonly string[], random: Random): string[] {
  const result = [...members];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
