/**
 * How the state of a shardlet comes back: from which checkpoints, and what is replayed after them. A shardlet without a
 * usable checkpoint has the state of its parents at their ends, restricted to its own range, and so on through any number
 * of splits, rolls and merges.
 *
 * Invariant: of every key, each event that was committed is in exactly one checkpoint or one replay. Each step has its own
 * keys: after a split and a merge an older shardlet is reached on two ways, each of which takes its own part of it.
 *
 * Where a split cuts one key in two, its state stays with the child that has the place (hash of the key, 0), or else the
 * begin of the parent; the other child begins with none. So whole keys go from a shardlet to its children, never parts.
 */
import { comparePositions, overlaps, type Position, type Range, range } from '../keyspace/index.ts';
import { finalSeqOf, type Shardlet } from '../topology/index.ts';
import { DELTAS_MAX, type KnownCheckpoint, type PlannedCheckpoint } from './records.ts';

export type RecoveryStep<C extends PlannedCheckpoint = KnownCheckpoint> =
  /** whole, or a delta on the step just before it; of keys whose place (hash, 0) is in the range */
  | { readonly kind: 'restore'; readonly checkpoint: C; readonly range: Range }
  /** events in (after, through] of the same keys */
  | {
      readonly kind: 'replay';
      readonly shardlet: number;
      readonly after: number;
      readonly through: number;
      readonly range: Range;
    };

export interface PlanSources<C extends PlannedCheckpoint = KnownCheckpoint> {
  shardlet(id: number): Shardlet | undefined;
  /** valid ones of a shardlet, in any order */
  checkpoints(shardlet: number): readonly C[];
}

export interface PlanOptions {
  /** up to here everything is committed */
  readonly seq: number;
  /** no checkpoint but those of the start of the group */
  readonly fromLog?: boolean;
}

/** In the order to apply. REQUIRES that all ancestors are committed to their ends. */
export function planRecovery<C extends PlannedCheckpoint>(
  sources: PlanSources<C>,
  shardlet: Shardlet,
  { seq, fromLog = false }: PlanOptions,
): RecoveryStep<C>[] {
  const steps: RecoveryStep<C>[] = [];
  // a stack of its own: a line of thousands of rolls costs none of the language's
  const todo: (RecoveryStep<C> | Visit)[] = [
    { kind: 'visit', shardlet, through: seq, range: keysIn(shardlet.range) },
  ];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (next.kind === 'visit') todo.push(...expand(sources, next, fromLog).reverse());
    else steps.push(next);
  }
  return steps;
}

interface Visit {
  readonly kind: 'visit';
  readonly shardlet: Shardlet;
  readonly through: number;
  readonly range: Range;
}

function expand<C extends PlannedCheckpoint>(
  sources: PlanSources<C>,
  visit: Visit,
  fromLog: boolean,
): (RecoveryStep<C> | Visit)[] {
  const { shardlet, through, range: part } = visit;
  const all = sources.checkpoints(shardlet.id);
  const chain = newestChain(fromLog ? all.filter(isStart) : all, shardlet, through);
  if (chain === undefined) return [...parentsOf(sources, visit), ...replay(shardlet.id, 0, through, part)];
  const newest = chain.at(-1)!;
  const restores = chain.filter((one) => !isStart(one));
  return [
    ...restores.map((checkpoint) => ({ kind: 'restore' as const, checkpoint, range: part })),
    ...replay(shardlet.id, startOf(newest, shardlet), through, part),
  ];
}

function replay(shardlet: number, after: number, through: number, part: Range) {
  return after >= through ? [] : [{ kind: 'replay' as const, shardlet, after, through, range: part }];
}

function parentsOf<C extends PlannedCheckpoint>(
  sources: PlanSources<C>,
  { shardlet: { parents, range: own }, range: part }: Visit,
): Visit[] {
  return parents.flatMap((id) => {
    const parent = sources.shardlet(id);
    const handed = parent && handedOver(parent.range, own);
    const common = handed && intersection(handed, part);
    if (parent === undefined || common === undefined) return [];
    return [{ kind: 'visit' as const, shardlet: parent, through: finalSeqOf(parent) ?? 0, range: common }];
  });
}

/** The newest usable one at or below `through`, with all that it is based on, the whole one first. */
export function newestChain<C extends PlannedCheckpoint>(
  checkpoints: readonly C[],
  shardlet: Shardlet,
  through: number,
): C[] | undefined {
  const byId = new Map(checkpoints.map((one) => [one.id, one]));
  const newestFirst = [...checkpoints].sort(
    (a, b) =>
      startOf(b, shardlet) - startOf(a, shardlet) || b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1),
  );
  for (const one of newestFirst) {
    if (startOf(one, shardlet) > through) continue;
    const chain = chainOf(one, byId, shardlet);
    if (chain !== undefined) return chain;
  }
  return undefined;
}

/** Undefined: one of them is missing, or was taken of events that a host has lost since. */
export function chainOf<C extends PlannedCheckpoint>(
  checkpoint: C,
  byId: ReadonlyMap<string, C>,
  shardlet: Shardlet,
): C[] | undefined {
  const chain: C[] = [];
  for (let one: C | undefined = checkpoint; ; one = byId.get(one.base)) {
    if (one === undefined || chain.length > DELTAS_MAX || isInvalidated(one, shardlet)) return undefined;
    chain.unshift(one);
    if (one.base === undefined) return chain;
  }
}

/**
 * After a host lost its last writes, records above the `seq` of the loss of epochs below its `epoch` may be gone, and their
 * numbers given to other events: a state that holds them holds what never was.
 */
export function isInvalidated(checkpoint: PlannedCheckpoint, { lost }: Pick<Shardlet, 'lost'>): boolean {
  if (isStart(checkpoint)) return false;
  return lost.some(({ epoch, seq }) => epoch > checkpoint.epoch && seq < checkpoint.seq);
}

/** Where the replay begins. The start of a group goes back to what is certain, as its position does. */
function startOf(checkpoint: PlannedCheckpoint, { lost }: Pick<Shardlet, 'lost'>): number {
  if (!isStart(checkpoint)) return checkpoint.seq;
  const losses = lost.filter(({ epoch }) => epoch > checkpoint.epoch);
  return Math.min(checkpoint.seq, ...losses.map(({ seq }) => seq));
}

export function isStart({ reason }: Pick<PlannedCheckpoint, 'reason'>): boolean {
  return reason === 'start';
}

/** Every key of which a shardlet may have events, as whole keys. */
export function keysIn({ from, to }: Range): Range {
  return range({ hi: from.hi, lo: 0 }, nextKey(to));
}

/** The keys whose state goes from a parent to a child. Undefined: none. */
function handedOver(parent: Range, child: Range): Range | undefined {
  if (!overlaps(parent, child)) return undefined;
  const startsWithIt = comparePositions(child.from, parent.from) <= 0;
  const from = startsWithIt ? { hi: parent.from.hi, lo: 0 } : nextKey(child.from);
  return rangeIf(from, least(nextKey(parent.to), nextKey(child.to)));
}

/** The first place of a key at or after this one. */
function nextKey({ hi, lo }: Position): Position {
  return { hi: lo === 0 ? hi : hi + 1, lo: 0 };
}

/** Undefined: they have nothing in common. */
export function intersection(a: Range, b: Range): Range | undefined {
  return rangeIf(comparePositions(a.from, b.from) < 0 ? b.from : a.from, least(a.to, b.to));
}

function rangeIf(from: Position, to: Position): Range | undefined {
  return comparePositions(from, to) < 0 ? range(from, to) : undefined;
}

function least(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? a : b;
}

/** All shardlets that recoveries of these may touch, themselves first. */
export function lineageOf(sources: Pick<PlanSources, 'shardlet'>, ...shardlets: Shardlet[]): Shardlet[] {
  const found = new Map(shardlets.map((one) => [one.id, one]));
  // grows while it is gone through
  for (const { parents } of found.values())
    for (const id of parents) {
      const parent = sources.shardlet(id);
      if (parent !== undefined) found.set(id, parent);
    }
  return [...found.values()];
}
