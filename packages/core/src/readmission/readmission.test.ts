/** Readmission of a restarted host, with workers that die in it, overlap in it, and hosts that restart in it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryHost } from '../adapters/memory/index.ts';
import { dedupOf, HostUnreachable } from '../hosts/index.ts';
import { Killed, killedAt, repeated, TestCluster } from '../machines/cluster.fixture.ts';
import { drive, type Outcome, type Perform } from '../machines/index.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import { moveMachine } from '../moves/index.ts';
import {
  beginReadmission,
  prepareMigration,
  readmitBatch,
  restructure,
  type Shardlet,
} from '../topology/index.ts';
import { assess } from './identity.ts';
import { readmissionMachine } from './readmission.ts';

const FINISHED = { kind: 'finished' };

/** Two hosts; the first owns half of the shards, each with one event. */
async function clusterOf(shards: number, durability: 'always' | 'everysec' = 'always') {
  const cluster = new TestCluster();
  const host = await cluster.addHost(durability);
  await cluster.addHost();
  const stream = await cluster.addStream(shards);
  await cluster.finishAll();
  for (const shardlet of cluster.open(stream)) await cluster.append(shardlet, `event-${shardlet.id}`);
  return { cluster, host, stream, before: cluster.open(stream).filter((s) => s.owner === host) };
}

async function readmit(cluster: TestCluster, id: number, wrap = (p: Perform) => p): Promise<Outcome> {
  await cluster.refresh();
  const run = cluster.runs.get(id)!;
  const outcome = await drive(readmissionMachine(cluster.map.host(id)!, run), wrap(cluster.performer(run)));
  await cluster.refresh();
  return outcome;
}

/** The topology store trusts the run, every shardlet of the host has a new epoch, and the old one is refused. */
async function expectReadmitted(cluster: TestCluster, id: number, before: readonly Shardlet[]) {
  const host = cluster.map.host(id)!;
  expect(host).toMatchObject({ state: 'active', incarnation: cluster.runs.get(id) });
  expect(host.readmission).toBeUndefined();
  for (const old of before) {
    const now = cluster.map.shardlet(old.id)!;
    if (now.state.kind === 'closed') continue;
    expect(now.epoch).toBeGreaterThan(old.epoch);
    expect(await cluster.append(now, `late-${old.id}`, old.epoch)).toMatchObject({ kind: 'stale' });
    expect(await cluster.append(now, `new-${old.id}`)).toMatchObject({ kind: 'appended', stored: 1 });
  }
  await expectSettled(cluster);
}

describe('a restarted host', () => {
  test('gets new epochs for all its shardlets and is trusted again', async () => {
    const { cluster, host, before } = await clusterOf(8);
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toEqual(FINISHED);
    await expectReadmitted(cluster, host, before);
    expect(cluster.map.shardlet(before[0]!.id)!.lost).toEqual([]);
  });

  test('leaves the shardlets of other hosts alone', async () => {
    const { cluster, host, stream } = await clusterOf(8);
    const others = cluster.open(stream).filter((s) => s.owner !== host);
    cluster.runs.set(host, 'run-2');
    await readmit(cluster, host);
    for (const other of others) expect(cluster.map.shardlet(other.id)).toEqual(other);
  });

  test('takes more shardlets than fit one decision', async () => {
    const { cluster, host, before } = await clusterOf(520);
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toEqual(FINISHED);
    const batches = (await cluster.store.changesAfter(0, 10_000)).filter(
      (c) => c.decision === 'readmitBatch',
    );
    expect(batches.map((b) => b.shardlets.length)).toEqual([100, 100, 60]);
    await expectReadmitted(cluster, host, before);
  });

  test('notes where its log ends when it may have lost its last writes', async () => {
    const { cluster, host, before } = await clusterOf(4, 'everysec');
    await cluster.append(before[0]!, 'second');
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toEqual(FINISHED);
    const [first, second] = before.map((s) => cluster.map.shardlet(s.id)!);
    expect(first!.lost).toEqual([{ epoch: first!.epoch, seq: 2 }]);
    expect(second!.lost).toEqual([{ epoch: second!.epoch, seq: 1 }]);
  });

  test('finishes the restructure and the openings that its restart cut short', async () => {
    const { cluster, host, stream, before } = await clusterOf(4);
    const parent = before[0]!;
    await cluster.decide(
      restructure({ parents: [{ id: parent.id, epoch: parent.epoch }], children: [parent.range] }),
    );
    await cluster.hosts.get(host)!.seal(parent.id, parent.epoch);
    await cluster.addStream(2);
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toEqual(FINISHED);
    await cluster.finishAll();
    expect(cluster.map.shardlet(parent.id)!.state).toMatchObject({ kind: 'closed', finalSeq: 1 });
    expect(cluster.open(stream)).toHaveLength(4);
    await expectReadmitted(cluster, host, before);
  });

  test('is not settled for a shardlet that it refuses to raise', async () => {
    const { cluster, host, before } = await clusterOf(2);
    cluster.runs.set(host, 'run-2');
    await cluster.decide(beginReadmission(host, 'run-2'));
    const { id } = before[0]!;
    const { raised } = await cluster.decide(readmitBatch(host, 'run-2', [id], []));
    await cluster.hosts.get(host)!.raise(id, raised[0]!.epoch + 5);
    expect(await readmit(cluster, host)).toMatchObject({ kind: 'stale' });
    expect(cluster.map.shardlet(id)!.state.kind).toBe('opening');
    expect(cluster.map.host(host)!.incarnation).toBe('run-1');
  });

  test('has what is open there and not in the topology store sealed', async () => {
    const { cluster, host, before } = await clusterOf(2);
    const store = cluster.hosts.get(host)!;
    const spec = { stream: 1, range: before[0]!.range, dedup: { windowMicros: 1e9, leadMicros: 1e6 } };
    await store.createOpen(9_999, 3, spec, []);
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toEqual(FINISHED);
    expect(await store.describe(9_999)).toMatchObject({ mode: 'sealed', epoch: 3 });
  });

  test('is refused when its disk lacks a shardlet that the topology store knows to be there', async () => {
    const { cluster, host, before } = await clusterOf(4);
    await cluster.hosts.get(host)!.drop(before[1]!.id, before[1]!.epoch);
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toMatchObject({ kind: 'refused', reason: 'regressed' });
    expect(cluster.map.host(host)).toMatchObject({ state: 'readmitting', incarnation: 'run-1' });
    for (const shardlet of before) expect(cluster.map.shardlet(shardlet.id)).toEqual(shardlet);
  });

  test('is refused when it lacks what it was to raise', async () => {
    const { cluster, host, before } = await clusterOf(2);
    cluster.runs.set(host, 'run-2');
    await cluster.decide(beginReadmission(host, 'run-2'));
    const { id, epoch } = before[0]!;
    await cluster.decide(readmitBatch(host, 'run-2', [id], []));
    await cluster.hosts.get(host)!.drop(id, epoch);
    expect(await readmit(cluster, host)).toMatchObject({ kind: 'refused', reason: 'regressed' });
  });

  test('is refused when it lacks the copy that was ready for it', async () => {
    const { cluster, host, before, stream } = await clusterOf(2);
    const other = cluster.open(stream).find((s) => s.owner !== host)!;
    await cluster.decide(prepareMigration({ id: other.id, epoch: other.epoch, dest: host }));
    const perform = cluster.performer();
    const half: Perform = (action) => {
      if (action.kind === 'open') throw new HostUnreachable('connection', 'cut off before it opens');
      return perform(action);
    };
    await drive(moveMachine(cluster.map, cluster.map.shardlet(other.id)!), half);
    await cluster.refresh();
    expect(cluster.map.shardlet(other.id)).toMatchObject({ owner: host, state: { kind: 'opening' } });
    cluster.hosts.set(host, await storeAsItWas(cluster, before[0]!));
    cluster.runs.set(host, 'run-2');
    expect(await readmit(cluster, host)).toMatchObject({ kind: 'refused', reason: 'regressed' });
  });

  test('is refused when a shardlet of it has fallen back below an epoch that it had confirmed', async () => {
    const { cluster, host, before } = await clusterOf(2);
    cluster.runs.set(host, 'run-2');
    await readmit(cluster, host);
    cluster.hosts.set(host, await storeAsItWas(cluster, before[0]!));
    cluster.runs.set(host, 'run-3');
    expect(await readmit(cluster, host)).toMatchObject({ kind: 'refused', reason: 'regressed' });
  });
});

/** Suspended, with what its store shows when it is whole by its marks. */
async function suspended(shown: {
  detail: string;
  byMarks: boolean;
  foundEmpty?: true;
  comparedAt?: number;
}) {
  const { cluster, host: id } = await clusterOf(2);
  await cluster.decide(beginReadmission(id, 'run-1', { ...shown, certainTs: 5, promise: 9 }));
  const progress = { generation: 0, count: 9 };
  const marked = { mark: '3.w-3', markPromise: 9, progress };
  const whole = { ...UNMARKED, ...marked, hostId: id, incarnation: 'run-2' };
  const writers = ['w'];
  const proof = { host: id, held: '3.w-3', next: '4.w-4', writers, ...progress, promise: 9, earlier: [] };
  return { host: cluster.map.host(id)!, whole, proof };
}

/** The disk of a host at a time when this was its only shardlet. */
async function storeAsItWas(cluster: TestCluster, { id, owner, epoch, stream, range }: Shardlet) {
  const store = new MemoryHost(cluster.clock);
  await store.adopt(owner);
  const dedup = dedupOf(cluster.map.stream(stream)!);
  await store.createOpen(id, epoch, { stream, range, dedup }, []);
  return store;
}

describe('a readmission', () => {
  test.each([
    ['before', 'always'],
    ['after', 'always'],
    ['before', 'everysec'],
    ['after', 'everysec'],
  ] as const)(
    'is taken over by another worker when one is killed %s any action (%s)',
    async (when, durability) => {
      for (let n = 0, killed = true; killed; n++) {
        const { cluster, host, before } = await clusterOf(6, durability);
        cluster.runs.set(host, 'run-2');
        killed = await readmit(cluster, host, (p) => killedAt(n, when, p)).then(
          () => false,
          (error) => error instanceof Killed || Promise.reject(error),
        );
        if (killed)
          expect(await readmit(cluster, host)).toEqual(
            expect.objectContaining({ kind: expect.stringMatching(/finished|stale/) }),
          );
        await expectReadmitted(cluster, host, before);
        for (const { id } of before)
          expect(cluster.map.shardlet(id)!.lost).toHaveLength(durability === 'always' ? 0 : 1);
        expect(n).toBeLessThan(100);
      }
    },
  );

  test('begins again when the host restarts in the middle of it, wherever that is', async () => {
    for (let n = 0, restarted = true; restarted; n++) {
      const { cluster, host, before } = await clusterOf(6);
      cluster.runs.set(host, 'run-2');
      let count = 0;
      const outcome = await readmit(cluster, host, (perform) => (action) => {
        if (count++ === n) cluster.runs.set(host, 'run-3');
        return perform(action);
      });
      restarted = cluster.runs.get(host) === 'run-3';
      if (restarted) {
        if (outcome.kind === 'finished') expect(cluster.map.host(host)!.incarnation).toBe('run-2');
        expect(await readmit(cluster, host)).toEqual(FINISHED);
      }
      await expectReadmitted(cluster, host, before);
      expect(n).toBeLessThan(100);
    }
  });

  test('survives that every call and decision is sent twice', async () => {
    const { cluster, host, before } = await clusterOf(6);
    cluster.runs.set(host, 'run-2');
    for (let i = 0; i < 20 && cluster.map.host(host)!.incarnation !== 'run-2'; i++)
      await readmit(cluster, host, repeated);
    await expectReadmitted(cluster, host, before);
  });

  test('ends the same when two workers run it at once in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { cluster, host, before } = await clusterOf(6);
        cluster.runs.set(host, 'run-2');
        const shuffled =
          (inner: Perform): Perform =>
          async (action) => {
            await scheduler.schedule(Promise.resolve());
            return inner(action);
          };
        const both = [readmit(cluster, host, shuffled), readmit(cluster, host, shuffled)];
        await scheduler.waitFor(Promise.all(both));
        await readmit(cluster, host);
        await expectReadmitted(cluster, host, before);
      }),
      { numRuns: 60 },
    );
  });
});

const UNMARKED = {
  ...{ progress: { generation: 0, count: 0 }, mark: '', markPromise: 0 },
  ...{ clockMicros: 0, engine: 'redis', version: '7' },
};

describe('the store at the address of a host', () => {
  test.each([
    [undefined, 'run-1', { kind: 'refused', reason: 'regressed' }],
    [2, 'run-1', { kind: 'refused', reason: 'other' }],
    [1, 'run-1', { kind: 'trusted' }],
    [1, 'run-2', { kind: 'restarted' }],
  ] as const)('with host id %s in %s is judged', async (hostId, incarnation, expected) => {
    const cluster = new TestCluster();
    const host = cluster.map.host(await cluster.addHost())!;
    const found = { hostId, incarnation, ...UNMARKED };
    expect(assess(host, found, undefined)).toMatchObject(expected);
  });

  test('waits for a person when it went back, also when a newer state is put back', async () => {
    const { host, whole, proof } = await suspended({ detail: 'it holds mark 2 again', byMarks: true });
    const refused = { kind: 'refused', reason: 'regressed', detail: 'it holds mark 2 again', byMarks: true };
    for (const incarnation of ['run-1', 'run-2'])
      expect(assess(host, { ...whole, incarnation }, proof)).toEqual(refused);
  });

  test('is readmitted when it was empty, and its own disk is put back', async () => {
    const { host, whole, proof } = await suspended({ detail: 'empty', byMarks: true, foundEmpty: true });
    expect(assess(host, whole, proof)).toEqual({ kind: 'restarted' });
    const older = { ...whole, mark: '2.w-2' };
    const assessment = assess(host, older, proof);
    expect(assessment).toMatchObject({ kind: 'refused', reason: 'regressed', byMarks: true });
    expect(assessment).not.toHaveProperty('foundEmpty');
    const empty = { ...whole, hostId: undefined, mark: '' };
    expect(assess(host, empty, proof)).toMatchObject({ reason: 'regressed', foundEmpty: true });
  });

  test('is compared again only with the mark that was sent when a comparison had suspended it', async () => {
    const { host, whole, proof } = await suspended({ detail: 'it lacks 7', byMarks: false, comparedAt: 9 });
    expect(assess(host, whole, proof)).toEqual({ kind: 'toCompare', detail: 'it lacks 7' });
    const before = { ...whole, mark: '2.w-2', progress: { generation: 0, count: 99 } };
    expect(assess(host, before, proof)).toMatchObject({ kind: 'refused', detail: 'it lacks 7' });
  });

  test('is not trusted while its readmission is unfinished, whatever its run', async () => {
    const { cluster, host } = await clusterOf(2);
    cluster.runs.set(host, 'run-2');
    await readmit(cluster, host, (p) => killedAt(3, 'after', p)).catch(() => undefined);
    await cluster.refresh();
    const found = { hostId: host, incarnation: 'run-1', ...UNMARKED };
    expect(assess(cluster.map.host(host)!, found, undefined)).toEqual({ kind: 'restarted' });
  });
});
