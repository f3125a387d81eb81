/** What a group may have, whatever its lineage looks like: small lineages, drawn at random, judged by the definition. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { range } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { standingOf } from './lineage.ts';
import type { Checkpoint } from './model.ts';

const WHOLE = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });
const OPEN: Shardlet['state'] = { kind: 'open' };
const ended = (kind: 'closed' | 'gone', finalSeq: number): Shardlet['state'] => ({
  kind,
  ...{ successors: [], finalSeq, finalTs: 0 },
});
const closed = (finalSeq: number) => ended('closed', finalSeq);
const gone = (finalSeq: number) => ended('gone', finalSeq);

function shardlet(id: number, parents: number[], state: Shardlet['state'], lost: Shardlet['lost'] = []) {
  return { id, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 9, state, parents, lost };
}

function mapOf(shardlets: readonly Shardlet[]): TopologyMap {
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false, ...settings };
  return new TopologyMap({ ...EMPTY_TOPOLOGY, version: 1, streams: [stream], shardlets });
}

/** Checkpoints by shardlet, all of epoch 1. */
function standing(shardlets: readonly Shardlet[], seqs: Readonly<Record<number, number>> = {}) {
  const nobody = { epoch: 1, assignment: 1, member: undefined, revoking: false, skipped: 0 };
  const checkpoints = Object.entries(seqs).map(([id, seq]): [number, Checkpoint] => [
    Number(id),
    { shardlet: Number(id), seq, ...nobody },
  ]);
  const { workable, tooEarly } = standingOf(mapOf(shardlets), { stream: 1 }, new Map(checkpoints));
  return { workable: workable.map((s) => s.id), tooEarly: [...tooEarly] };
}

describe('a shardlet waits for every ancestor', () => {
  const twice = [shardlet(1, [], closed(5)), shardlet(2, [1], closed(0)), shardlet(3, [2], OPEN)];

  it('through a generation without events', () => {
    expect(standing(twice)).toEqual({ workable: [1], tooEarly: [3] });
    expect(standing(twice, { 1: 4 })).toEqual({ workable: [1], tooEarly: [3] });
    expect(standing(twice, { 1: 5 })).toEqual({ workable: [3], tooEarly: [] });
  });

  it('through a generation that is past its retention', () => {
    const past = [shardlet(1, [], closed(5)), shardlet(2, [1], gone(3)), shardlet(3, [2], OPEN)];
    expect(standing(past, { 2: 3 })).toEqual({ workable: [1], tooEarly: [3] });
    expect(standing(past)).toEqual({ workable: [1], tooEarly: [2, 3] });
    expect(standing(past, { 1: 5 })).toEqual({ workable: [2], tooEarly: [3] });
    expect(standing(past, { 1: 5, 2: 3 })).toEqual({ workable: [3], tooEarly: [] });
  });

  it('on either side of a merge', () => {
    const merged = [
      shardlet(1, [], closed(5)),
      shardlet(2, [], closed(5)),
      shardlet(3, [1], closed(0)),
      shardlet(4, [2, 3], OPEN),
    ];
    expect(standing(merged, { 2: 5 })).toEqual({ workable: [1], tooEarly: [4] });
    expect(standing(merged, { 1: 5 })).toEqual({ workable: [2], tooEarly: [4] });
    expect(standing(merged, { 1: 5, 2: 5 })).toEqual({ workable: [4], tooEarly: [] });
  });

  it('that has lost writes which the group had read, and was written to again', () => {
    const lost = [{ epoch: 9, seq: 40 }];
    const rewritten = [shardlet(1, [], closed(60), lost), shardlet(2, [1], OPEN)];
    // 90 was read before the loss: 41 to 60 are other events
    expect(standing(rewritten, { 1: 90 })).toEqual({ workable: [1], tooEarly: [2] });
  });

  it('but not for one that the map does not have: it was deleted with all it held', () => {
    expect(standing([shardlet(3, [2], OPEN)])).toEqual({ workable: [3], tooEarly: [] });
  });

  it('and is not taken back for an ancestor whose end a map that is old does not know', () => {
    const old = [shardlet(1, [], OPEN), shardlet(2, [1], OPEN)];
    expect(standing(old)).toEqual({ workable: [1], tooEarly: [] });
  });
});

it('thousands of rolls cost no stack', () => {
  const rolls = Array.from({ length: 20_000 }, (_, i) => shardlet(i + 1, i === 0 ? [] : [i], closed(1)));
  expect(standing(rolls).workable).toEqual([1]);
});

it('agrees with the definition, in whatever order the map tells the shardlets', () => {
  const node = fc.record({
    parents: fc.array(fc.nat(11), { maxLength: 2 }),
    end: fc.option(fc.nat(2)),
    seq: fc.nat(2),
    key: fc.nat(),
  });
  const lineage = fc.array(node, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(lineage, (nodes) => {
      const shardlets = nodes.map(({ parents, end }, i) => {
        const older = [...new Set(parents.filter((p) => p < i).map((p) => p + 1))];
        return shardlet(i + 1, older, end === null ? OPEN : closed(end));
      });
      const seqs = Object.fromEntries(nodes.map(({ seq }, i) => [i + 1, seq]));
      const done = (id: number) => nodes[id - 1]!.end !== null && seqs[id]! >= nodes[id - 1]!.end!;
      const ancestors = (id: number): number[] =>
        shardlets[id - 1]!.parents.flatMap((p) => [p, ...ancestors(p)]);
      const shuffled = [...shardlets].sort((a, b) => nodes[a.id - 1]!.key - nodes[b.id - 1]!.key);
      const { workable, tooEarly } = standing(shuffled, seqs);
      const left = shardlets.map((s) => s.id).filter((id) => !done(id));
      expect(workable).toEqual(left.filter((id) => ancestors(id).every(done)));
      const knownToEndLater = (id: number) => nodes[id - 1]!.end !== null && !done(id);
      expect(tooEarly).toEqual(left.filter((id) => ancestors(id).some(knownToEndLater)));
    }),
    { numRuns: 500 },
  );
});
