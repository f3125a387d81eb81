import { describe, expect, it } from 'vitest';
import { ContextTable } from './context-table.ts';
import { ABSENT, type ContextKind, ROOT } from './contexts.ts';
import { EventTypes } from './event-types.ts';
import { Evidence } from './evidence.ts';

/** so long that nothing fades */
const MEMORIES = { long: 1e9, short: 1e9 };
const KINDS: readonly ContextKind[] = [
  { name: 'parent', parent: ROOT, isWide: true, weights: [1, 0] },
  { name: 'child', parent: 0, isWide: false, weights: [1, 0] },
  { name: 'grandchild', parent: 1, isWide: false, weights: [1, 0] },
];
const [PARENT, CHILD, UNKNOWN] = [16, 32, 48];

/** Overall a 5, b 3, c 2; after the parent's context a 2, b 2; after the child's b 1. */
function evidenceOf(hashes: readonly number[]): Evidence {
  const types = new EventTypes(8);
  for (const name of ['a', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'c']) types.count(name);
  const table = new ContextTable(64, 4, MEMORIES);
  const [parent, child] = [table.claim(PARENT), table.claim(CHILD)];
  for (const type of [0, 1, 0, 1]) table.learn(parent, type);
  table.learn(child, 1);
  const evidence = new Evidence(KINDS, [table, table, table], types);
  evidence.gather(Int32Array.from(hashes));
  return evidence;
}

/** [kind]: by the type, what long and short memory add. */
function entriesOf(evidence: Evidence): Record<number, readonly [number, number]>[] {
  return KINDS.map((_, kind) => {
    const entries: Record<number, readonly [number, number]> = {};
    for (let e = evidence.starts[kind]!; e < evidence.starts[kind + 1]!; e++)
      entries[evidence.candidates[evidence.places[e]!]!] = [evidence.long[e]!, evidence.short[e]!];
    return entries;
  });
}

describe('the evidence of a context', () => {
  const shareA = 5 / 14;
  const shareB = 3 / 14;
  /** .2 and 1 for each of two types that followed; then for one */
  const [reserve, ofChild] = [2.2, 1.2];

  it('is how much likelier it makes a type than the overall share does', () => {
    const [parent] = entriesOf(evidenceOf([PARENT, ABSENT, ABSENT]));
    const [p, q] = [shareA, shareB].map((share) => (2 + reserve * share) / (4 + reserve));
    expect(parent![0]![0]).toBeCloseTo(Math.log(1 + 2 / (reserve * shareA)), 6);
    expect(parent![1]![0]).toBeCloseTo(Math.log(1 + 2 / (reserve * shareB)), 6);
    expect(parent![0]![1]).toBeCloseTo(Math.log(1 + 2 / p!), 6);
    expect(parent![1]![1]).toBeCloseTo(Math.log(1 + 2 / q!), 6);
  });

  it('that refines another is how much likelier than there', () => {
    const [, child] = entriesOf(evidenceOf([PARENT, CHILD, ABSENT]));
    const before = (2 + reserve * shareB) / (4 + reserve);
    expect(Object.keys(child!)).toEqual(['1']);
    expect(child![1]![0]).toBeCloseTo(Math.log(1 + 1 / (ofChild * before)), 6);
    expect(child![1]![1]).toBeCloseTo(Math.log(1 + 1 / ((1 + ofChild * before) / (1 + ofChild))), 6);
  });

  it('goes past a context that is not known to the one before it', () => {
    const [parent, child, grandchild] = entriesOf(evidenceOf([PARENT, UNKNOWN, CHILD]));
    const before = (2 + reserve * shareB) / (4 + reserve);
    expect([Object.keys(parent!).length, child]).toEqual([2, {}]);
    expect(grandchild![1]![0]).toBeCloseTo(Math.log(1 + 1 / (ofChild * before)), 6);
  });

  it('of a type that only the parent knows lowers what the child leaves to it', () => {
    const evidence = evidenceOf([PARENT, CHILD, PARENT]);
    const before = ((2 + reserve * shareA) / (4 + reserve)) * (ofChild / (1 + ofChild));
    expect(entriesOf(evidence)[2]![0]![0]).toBeCloseTo(Math.log(1 + 2 / (reserve * before)), 6);
  });

  it('names the candidates, and gives all others together the rest', () => {
    const evidence = evidenceOf([PARENT, CHILD, ABSENT]);
    expect([...evidence.candidates.slice(0, evidence.candidateCount)].sort()).toEqual([0, 1]);
    expect(evidence.rootRest).toBeCloseTo(1 - shareA - shareB, 12);
    expect(evidence.rootLogs[evidence.candidateCount]).toBeCloseTo(Math.log(1 - shareA - shareB), 6);
    expect([evidence.placeOf(2), evidence.candidates[evidence.placeOf(1)]]).toEqual([2, 1]);
    evidence.gather(Int32Array.of(ABSENT, ABSENT, ABSENT));
    expect([evidence.candidateCount, evidence.placeOf(1), evidence.rootRest]).toEqual([0, 0, 1]);
  });

  it('is of a class by the visits of the context, and whether it leaves a choice', () => {
    const { classes } = evidenceOf([PARENT, CHILD, ABSENT]);
    expect([classes[0], classes[1]]).toEqual([9, 0]);
  });
});
