/** What a list counts of a group is what its detail shows: lineages and positions drawn at random. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryGroupStore } from '../adapters/memory/index.ts';
import { groupCheckpointingSchema } from '../checkpointing/index.ts';
import { range } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { explain } from './explain.ts';
import { countStanding, type ShardletEnd } from './group-sums.ts';
import type { Checkpoint, Group } from './model.ts';

const WHOLE = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });
const SETTINGS = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
const STREAM = { id: 1, name: 's', shardCount: 1, splitKeys: false, ...SETTINGS };

interface Node {
  readonly parents: readonly number[];
  /** null: it is open */
  readonly end: number | null;
  /** null: the group has not begun it */
  readonly seq: number | null;
  readonly member: string | null;
}

function shardletsOf(nodes: readonly Node[]): Shardlet[] {
  return nodes.map(({ parents, end }, i) => ({
    ...{ id: i + 1, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1, lost: [] },
    parents: [...new Set(parents.filter((p) => p < i).map((p) => p + 1))],
    state: end === null ? { kind: 'open' } : { kind: 'closed', successors: [], finalSeq: end, finalTs: 0 },
  }));
}

/**
 * Nobody has what is processed to its end, but in a group that keeps state; there it is not begun before all older events
 * are processed.
 */
function checkpointsOf(nodes: readonly Node[], shardlets: readonly Shardlet[], keepsState: boolean) {
  const checkpoints = new Map<number, Checkpoint>();
  const done = new Set<number>();
  nodes.forEach(({ seq, member, end }, i) => {
    const id = i + 1;
    const isReached = shardlets[i]!.parents.every((parent) => done.has(parent));
    const isAtEnd = end !== null && (seq ?? 0) >= end;
    const holder = isAtEnd && !(keepsState && isReached) ? null : member;
    if (isAtEnd && isReached && (seq === null || holder === null)) done.add(id);
    if (seq === null) return;
    const rest = { epoch: 1, assignment: 1, revoking: false, skipped: 0 };
    checkpoints.set(id, { shardlet: id, seq, member: holder ?? undefined, ...rest });
  });
  return checkpoints;
}

const node = fc.record({
  parents: fc.array(fc.nat(11), { maxLength: 2 }),
  end: fc.option(fc.nat(2)),
  seq: fc.option(fc.nat(2)),
  member: fc.option(fc.constantFrom('a', 'b')),
});

it('counts the shardlets that are explained, and those that wait', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(node, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (nodes, keepsState) => {
        const shardlets = shardletsOf(nodes);
        const map = new TopologyMap({ ...EMPTY_TOPOLOGY, version: 1, streams: [STREAM], shardlets });
        const checkpointing = groupCheckpointingSchema.parse({});
        const group: Group = {
          name: 'g',
          stream: 1,
          sessionMs: 1_000,
          ...(keepsState ? { checkpointing } : {}),
        };
        const state = { version: 1, members: [], checkpoints: checkpointsOf(nodes, shardlets, keepsState) };
        const store = new MemoryGroupStore({ nowMicros: () => 1 });
        await store.create(group, state);
        const ends: ShardletEnd[] = nodes.map(({ end }, i) => ({
          ...{ shardlet: i + 1, stream: 1, isClosed: end !== null, firstSeq: 1, lastSeq: end ?? 5 },
        }));
        const [sums] = await store.sums(['g'], ends);
        const counts = countStanding(shardlets, sums!);
        const explained = explain(group, state, map);
        const waiting = explained.filter(({ reason }) => reason.kind === 'waits');
        expect(counts).toEqual({ workable: explained.length - waiting.length, waiting: waiting.length });
      },
    ),
    { numRuns: 500 },
  );
});
