import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { contains, END, type Position, range, START } from '../keyspace/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { RouteTable } from './route-table.ts';

let nextId = 1;

function leaf(from: Position, to: Position, epoch = 1, owner = 1, id = nextId++): Shardlet {
  return {
    id,
    stream: 1,
    shard: id % 4096,
    range: range(from, to),
    owner,
    epoch,
    state: { kind: 'open' },
    parents: [],
    lost: [],
  };
}

/** Cuts the space at the given positions. */
function cover(cuts: readonly Position[]): Shardlet[] {
  const sorted = [...cuts]
    .filter((p) => p.hi !== 0 || p.lo !== 0)
    .sort((a, b) => a.hi - b.hi || a.lo - b.lo)
    .filter((p, i, all) => i === 0 || p.hi !== all[i - 1]!.hi || p.lo !== all[i - 1]!.lo);
  const bounds = [START, ...sorted, END];
  return bounds.slice(1).map((to, i) => leaf(bounds[i]!, to));
}

const half = fc.integer({ min: 0, max: 0xffff_ffff });
/** spread, clustered in one bucket, and cutting inside one key */
const position: fc.Arbitrary<Position> = fc.oneof(
  fc.record({ hi: half, lo: fc.constant(0) }),
  fc.record({ hi: fc.integer({ min: 0x7777_0000, max: 0x7777_00ff }), lo: fc.constant(0) }),
  fc.record({ hi: fc.constant(0x7777_0042), lo: half }),
);
const cuts = fc.array(position, { maxLength: 300 });

function probes(leaves: readonly Shardlet[], extra: readonly Position[]): Position[] {
  const before = ({ hi, lo }: Position): Position =>
    lo > 0 ? { hi, lo: lo - 1 } : { hi: hi - 1, lo: 0xffff_ffff };
  return [...extra, ...leaves.flatMap((s) => [s.range.from, before(s.range.to)])];
}

function expectSame(table: RouteTable, leaves: readonly Shardlet[], extra: readonly Position[]): void {
  for (const p of probes(leaves, extra)) {
    const expected = leaves.find((s) => contains(s.range, p))!;
    const slot = table.find(p.hi, p.lo);
    expect({
      id: table.shardletAt(slot),
      shard: table.shardAt(slot),
      owner: table.ownerAt(slot),
      epoch: table.epochAt(slot),
    }).toEqual({ id: expected.id, shard: expected.shard, owner: expected.owner, epoch: expected.epoch });
  }
}

describe('RouteTable', () => {
  it('finds the leaf of every position, spread, clustered and inside a key', () => {
    fc.assert(
      fc.property(cuts, fc.array(position, { maxLength: 20 }), (at, extra) => {
        const leaves = cover(at);
        const table = new RouteTable(leaves);
        expect(table.shardletCount).toBe(leaves.length);
        expectSame(table, leaves, extra);
      }),
      { numRuns: 60 },
    );
  });

  it('stays equal to a table built anew through splits, merges, rolls and moves', () => {
    const step = fc.record({
      kind: fc.constantFrom('split', 'merge', 'roll', 'move'),
      at: fc.nat(),
      width: fc.nat(5),
    });
    fc.assert(
      fc.property(cuts, fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 8 }), (at, changes) => {
        let leaves = cover(at);
        const table = new RouteTable(leaves);
        changes.forEach((steps, n) => {
          const { before, after } = restructure(leaves, steps, n + 2);
          table.apply(before, after);
          leaves = leaves.filter((s) => !before.includes(s)).concat(after);
        });
        expect(table.shardletCount).toBe(leaves.length);
        expectSame(table, leaves, []);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps up with splits from one leaf to thousands, with ids beyond 32 bits', () => {
    nextId = 2 ** 40;
    let leaves = cover([]);
    const table = new RouteTable(leaves);
    const random = seededRandom(7);
    for (let round = 0; leaves.length < 6_000; round++) {
      const before = leaves.filter(
        (_, i) => leaves.length < 20 || random.next() < 0.4 || i % 97 === round % 97,
      );
      const steps = before.flatMap((s) => outcome('split', [s], 2 ** 41 + round));
      table.apply(before, steps);
      const gone = new Set(before);
      leaves = leaves.filter((s) => !gone.has(s)).concat(steps);
    }
    expect(table.shardletCount).toBe(leaves.length);
    expectSame(table, leaves.slice(0, 400), []);
  });

  it('says -1 for a stream without leaves', () => {
    expect(new RouteTable([]).find(1, 2)).toBe(-1);
  });

  it('refuses leaves with a gap or an overlap', () => {
    const at = (hi: number) => ({ hi, lo: 0 });
    expect(() => new RouteTable([leaf(START, at(5)), leaf(at(6), END)])).toThrow(/do not meet/);
    expect(() => new RouteTable([leaf(START, at(5)), leaf(at(4), END)])).toThrow(/do not meet/);
    expect(() => new RouteTable([leaf(at(1), END)])).toThrow(/first position/);
    const [a, b] = cover([at(100)]) as [Shardlet, Shardlet];
    const table = new RouteTable([a, b]);
    expect(() => table.apply([a], [leaf(START, at(99))])).toThrow(/do not meet/);
  });

  it('refuses to replace a leaf that it does not have', () => {
    const table = new RouteTable(cover([]));
    expect(() => table.apply([leaf(START, END)], [leaf(START, END)])).toThrow(/not in the route table/);
  });
});

type Step = { kind: string; at: number; width: number };

/** One change of the map: each step restructures leaves that no earlier step of the change touched. */
function restructure(leaves: readonly Shardlet[], steps: readonly Step[], epoch: number) {
  const sorted = [...leaves].sort(
    (a, b) => a.range.from.hi - b.range.from.hi || a.range.from.lo - b.range.from.lo,
  );
  const before: Shardlet[] = [];
  const after: Shardlet[] = [];
  for (const { kind, at, width } of steps) {
    const first = at % sorted.length;
    const picked = sorted.slice(first, kind === 'merge' ? first + 1 + width : first + 1);
    if (picked.some((s) => before.includes(s))) continue;
    before.push(...picked);
    after.push(...outcome(kind, picked, epoch));
  }
  return { before, after };
}

function outcome(kind: string, picked: readonly Shardlet[], epoch: number): Shardlet[] {
  const from = picked[0]!.range.from;
  const to = picked.at(-1)!.range.to;
  if (kind === 'move') return [leaf(from, to, epoch, 7, picked[0]!.id)];
  const middle = { hi: from.hi + Math.floor((to.hi - from.hi) / 2), lo: 0 };
  const splits = kind === 'split' && middle.hi > from.hi;
  return splits ? [leaf(from, middle, epoch), leaf(middle, to, epoch)] : [leaf(from, to, epoch)];
}
