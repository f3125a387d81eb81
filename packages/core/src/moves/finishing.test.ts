/**
 * Openings and restructures under everything a worker and a network can do to them: killed after each
 * action, run twice at once in any order, every call repeated, every call delivered again much later.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dedupOf } from '../hosts/index.ts';
import { comparePositions, range } from '../keyspace/index.ts';
import { Killed, killedAt, repeated, TestCluster } from '../machines/cluster.fixture.ts';
import type { ActionOf, Perform } from '../machines/index.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import { restructuringMachine } from '../restructuring/index.ts';
import { restructure, type Shardlet } from '../topology/index.ts';

const KINDS = ['roll', 'split', 'merge'] as const;
type Kind = (typeof KINDS)[number];

function halves({ range: r }: Shardlet) {
  const middle = { hi: Math.floor((r.from.hi + r.to.hi) / 2), lo: 0 };
  return [range(r.from, middle), range(middle, r.to)];
}

/** Decides one restructure of the first shard; a merge needs the two shardlets that a split has left. */
async function decideOne(cluster: TestCluster, stream: number, kind: Kind): Promise<void> {
  const open = cluster
    .open(stream)
    .filter((s) => s.shard === 0)
    .sort((a, b) => comparePositions(a.range.from, b.range.from));
  const parents = kind === 'merge' ? open.slice(0, 2) : open.slice(0, 1);
  const first = parents[0]!;
  const whole = range(first.range.from, parents.at(-1)!.range.to);
  const children = kind === 'split' ? halves(first) : [whole];
  await cluster.decide(restructure({ parents: parents.map(({ id, epoch }) => ({ id, epoch })), children }));
}

/** A stream with events on two hosts, whose first shard is about to be restructured. */
async function aboutTo(kind: Kind): Promise<{ cluster: TestCluster; stream: number }> {
  const cluster = new TestCluster();
  await cluster.addHost();
  await cluster.addHost();
  const stream = await cluster.addStream(2);
  await cluster.finishAll();
  if (kind === 'merge') {
    await decideOne(cluster, stream, 'split');
    await cluster.finishAll();
  }
  for (const shardlet of cluster.open(stream)) await cluster.append(shardlet, `before-${shardlet.id}`);
  await decideOne(cluster, stream, kind);
  return { cluster, stream };
}

/** Kills at the n-th action for n = 0, 1, ... until a run lives to its end. */
async function killEverywhere(
  prepare: () => Promise<TestCluster>,
  when: 'before' | 'after',
): Promise<number> {
  for (let n = 0; ; n++) {
    expect(n).toBeLessThan(100);
    const cluster = await prepare();
    const killed = await cluster.finishAll(killedAt(n, when, cluster.performer())).then(
      () => false,
      (error) => error instanceof Killed || Promise.reject(error),
    );
    await cluster.finishAll();
    await expectSettled(cluster);
    if (!killed) return n;
  }
}

describe('a new stream', () => {
  test('is open on its hosts when the openings are finished', async () => {
    const cluster = new TestCluster();
    await cluster.addHost();
    await cluster.addHost();
    const stream = await cluster.addStream(8);
    const outcomes = await cluster.finishAll();
    expect(outcomes).toEqual([{ kind: 'finished' }, { kind: 'finished' }]);
    expect(cluster.open(stream)).toHaveLength(8);
    await expectSettled(cluster);
  });

  test.each(['before', 'after'] as const)(
    'is finished by another worker when one is killed %s any action',
    async (when) => {
      const prepare = async () => {
        const cluster = new TestCluster();
        await cluster.addHost();
        await cluster.addStream(3);
        return cluster;
      };
      expect(await killEverywhere(prepare, when)).toBeGreaterThanOrEqual(4);
    },
  );

  test('waits for a host that does not answer, and does not hold up the others', async () => {
    const cluster = new TestCluster();
    const [first, second] = [await cluster.addHost(), await cluster.addHost()];
    const stream = await cluster.addStream(4);
    cluster.unreachable.add(second);
    const outcomes = await cluster.finishAll();
    expect(outcomes).toMatchObject([{ kind: 'finished' }, { kind: 'unreachable', host: second }]);
    expect(cluster.open(stream).map((s) => s.owner)).toEqual([first, first]);
    cluster.unreachable.clear();
    await cluster.finishAll();
    await expectSettled(cluster);
  });

  test('is settled but for a shardlet that its host refuses, which is reported', async () => {
    const cluster = new TestCluster();
    const host = await cluster.addHost();
    const stream = await cluster.addStream(3);
    const [first, second, third] = [...cluster.map.shardlets()].sort((a, b) => a.id - b.id);
    await cluster.hosts.get(host)!.drop(second!.id, second!.epoch + 5);
    const outcomes = await cluster.finishAll();
    expect(outcomes).toMatchObject([
      { kind: 'stale', detail: expect.stringContaining(`shardlet ${second!.id}`) },
    ]);
    expect(cluster.open(stream).map((s) => s.id)).toEqual([first!.id, third!.id]);
  });
});

describe.each(KINDS)('a %s', (kind) => {
  test('seals the parents, opens the children, and tells readers where the parents end', async () => {
    const { cluster, stream } = await aboutTo(kind);
    await cluster.finishAll();
    await expectSettled(cluster);
    const closed = [...cluster.map.shardlets(stream)].filter((s) => s.state.kind === 'closed');
    for (const { state } of closed.filter((s) => s.parents.length > 0 || kind !== 'merge'))
      expect(state).toMatchObject({ finalSeq: 1 });
    for (const shardlet of cluster.open(stream))
      expect(await cluster.append(shardlet, `after-${shardlet.id}`)).toMatchObject({
        kind: 'appended',
        stored: 1,
      });
    for (const shardlet of closed)
      expect(await cluster.append(shardlet, 'late')).toMatchObject({ kind: 'stale' });
  });

  test.each(['before', 'after'] as const)(
    'is finished by another worker when one is killed %s any action',
    async (when) => {
      const tried = await killEverywhere(async () => (await aboutTo(kind)).cluster, when);
      expect(tried).toBeGreaterThanOrEqual(4);
    },
  );

  test('survives that every host call and decision is sent twice', async () => {
    const { cluster } = await aboutTo(kind);
    await cluster.finishAll(repeated(cluster.performer()));
    await expectSettled(cluster);
  });

  test('ends the same when two workers run it at once in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { cluster } = await aboutTo(kind);
        const inner = cluster.performer();
        const shuffled: Perform = async (action) => {
          await scheduler.schedule(Promise.resolve());
          return inner(action);
        };
        await scheduler.waitFor(Promise.all([cluster.finishAll(shuffled), cluster.finishAll(shuffled)]));
        await cluster.finishAll();
        await expectSettled(cluster);
      }),
      { numRuns: 40 },
    );
  });
});

test('the child of a merge is asked for only when every parent is known to be sealed', async () => {
  const { cluster, stream } = await aboutTo('merge');
  const parents = [...cluster.map.shardlets(stream)].filter((s) => s.state.kind === 'closing');
  const children = [...cluster.map.shardlets(stream)].filter((s) => s.state.kind === 'opening');
  const machine = restructuringMachine({ parents, children }, dedupOf(cluster.map.stream(stream)!));
  const perform = cluster.performer();
  let { state, actions } = machine.start();
  for (const seal of actions as ActionOf<'seal'>[]) {
    const sealed = { kind: 'seal', action: seal, reply: await perform(seal) } as const;
    const [describe] = machine.step(state, sealed).actions as [ActionOf<'describe'>];
    const described = { kind: 'describe', action: describe, reply: await perform(describe) } as const;
    ({ state, actions } = machine.step(state, described));
    expect(actions.map((a) => a.kind)).toEqual(seal.shardlet === parents[0]!.id ? [] : ['createOpen']);
  }
});

test('calls of earlier restructures that arrive late change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...KINDS), { minLength: 2, maxLength: 5 }),
      fc.infiniteStream(fc.nat()),
      async (kinds, picks) => {
        const cluster = new TestCluster();
        await cluster.addHost();
        const stream = await cluster.addStream(1);
        const late: (() => Promise<unknown>)[] = [];
        const inner = cluster.performer();
        const recording: Perform = (action) => {
          if (action.kind !== 'readTopology') late.push(() => inner(action));
          return inner(action);
        };
        await cluster.finishAll(recording);
        for (const kind of kinds) {
          const possible = kind === 'merge' && cluster.open(stream).length < 2 ? 'split' : kind;
          await decideOne(cluster, stream, possible);
          await cluster.finishAll(recording);
        }
        const before = await cluster.held();
        while (late.length > 0) await late.splice(picks.next().value % late.length, 1)[0]!();
        expect(await cluster.held()).toEqual(before);
        await expectSettled(cluster);
      },
    ),
    { numRuns: 60 },
  );
});
