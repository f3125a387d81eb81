/**
 * Who follows whom, told from ids and ranges alone. Ids grow with every decision and every position has one
 * leaf at a time, so the shardlets that cover a position, in the order of their ids, are its history: each
 * follows the one before it, and the last takes the appends.
 */
import { comparePositions, overlaps, type Position, type Range, range } from '@foreshard/core/keyspace';

export interface Ranged {
  readonly id: number;
  readonly range: Range;
}

export interface Lineage {
  readonly parents: readonly number[];
  readonly successors: readonly number[];
  /** the parts of its range that nobody follows: all of it for a leaf, some of it when children are missing */
  readonly last: readonly Range[];
}

export interface Histories {
  readonly of: ReadonlyMap<number, Lineage>;
  /** positions that no shardlet covers */
  readonly uncovered: readonly Range[];
}

interface Growing {
  readonly parents: Set<number>;
  readonly successors: Set<number>;
  last: Range[];
}

/** Of the shardlets of one stream. */
export function lineagesOf(shardlets: readonly Ranged[], whole: Range): Histories {
  const of = new Map<number, Growing>();
  for (const { id } of shardlets) of.set(id, { parents: new Set(), successors: new Set(), last: [] });
  const inOrder = [...shardlets].sort((a, b) => comparePositions(a.range.from, b.range.from));
  let uncovered: Range[] = [];
  let active: Ranged[] = [];
  let next = 0;
  for (const segment of segmentsOf(shardlets, whole)) {
    active = active.filter((s) => overlaps(s.range, segment));
    while (next < inOrder.length && comparePositions(inOrder[next]!.range.from, segment.from) <= 0)
      active.push(inOrder[next++]!);
    const history = active.map((s) => s.id).sort((a, b) => a - b);
    if (history.length === 0) uncovered = joined(uncovered, segment);
    else note(of, history, segment);
  }
  return { of: new Map([...of].map(([id, l]) => [id, frozen(l)])), uncovered };
}

function note(of: ReadonlyMap<number, Growing>, history: readonly number[], segment: Range): void {
  for (let i = 1; i < history.length; i++) {
    of.get(history[i - 1]!)!.successors.add(history[i]!);
    of.get(history[i]!)!.parents.add(history[i - 1]!);
  }
  const leaf = of.get(history.at(-1)!)!;
  leaf.last = joined(leaf.last, segment);
}

function frozen({ parents, successors, last }: Growing): Lineage {
  const sorted = (ids: ReadonlySet<number>) => [...ids].sort((a, b) => a - b);
  return { parents: sorted(parents), successors: sorted(successors), last };
}

/** The whole, cut at every bound of a shardlet. */
function segmentsOf(shardlets: readonly Ranged[], whole: Range): Range[] {
  const bounds = [whole.from, whole.to, ...shardlets.flatMap((s) => [s.range.from, s.range.to])];
  const distinct: Position[] = [];
  for (const bound of bounds.sort(comparePositions))
    if (distinct.length === 0 || comparePositions(distinct.at(-1)!, bound) !== 0) distinct.push(bound);
  return distinct.slice(1).map((to, i) => range(distinct[i]!, to));
}

/** REQUIRES a segment after all of the list. */
function joined(list: readonly Range[], segment: Range): Range[] {
  const last = list.at(-1);
  if (last === undefined || comparePositions(last.to, segment.from) !== 0) return [...list, segment];
  return [...list.slice(0, -1), range(last.from, segment.to)];
}
