/** What a person is shown before a loss is accepted is what T notes afterwards, and covers what was lost. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventHost } from '../hosts/index.ts';
import { describeHost, type Refusal } from '../topology/index.ts';
import { type LossReview, type LossSources, reviewLoss } from './loss.ts';
import { CHANGES, type ChangeKind, SetBackCluster } from './set-back.fixture.ts';

const A = 1;

async function after(...changes: ChangeKind[]): Promise<SetBackCluster> {
  const cluster = await SetBackCluster.of(2, 2);
  for (const kind of changes) await cluster.change(kind, 0);
  return cluster;
}

function pinned(cluster: SetBackCluster, id: number): EventHost {
  const opened: EventHost = Object.create(cluster.hosts.get(id)!);
  opened.identify = async () => ({
    ...(await cluster.hosts.get(id)!.identify()),
    incarnation: cluster.runs.get(id)!,
  });
  return opened;
}

function review(
  cluster: SetBackCluster,
  host: number,
  remembered: ReadonlyMap<number, number> = new Map(),
): Promise<LossReview | Refusal> {
  return reviewLoss(
    {
      topology: cluster.store,
      proofs: { remembered: async () => remembered },
      onRun: ({ id }, use) => use(pinned(cluster, id)),
    },
    host,
  );
}

async function reviewed(...parameters: Parameters<typeof review>): Promise<LossReview> {
  const answer = await review(...parameters);
  if ('reason' in answer) throw new Error(answer.detail);
  return answer;
}

describe('the review of a loss', () => {
  test('names per shardlet what was known, what is there and what is certain', async () => {
    const cluster = await after('append', 'mark', 'append', 'append');
    const [shardlet] = cluster.open(cluster.stream);
    cluster.setBack(A, 3);
    await cluster.suspend(A);
    const loss = await reviewed(cluster, A, new Map([[shardlet!.id, 3]]));
    expect(loss).toMatchObject({
      ...{ host: A, name: 'host-1', incarnation: 'run-1', detail: 'set back', isAccepted: true },
      ...{ atRisk: 2, absent: 0, whole: 0 },
    });
    expect(loss.shardlets).toEqual([
      {
        ...{ shardlet: shardlet!.id, stream: cluster.map.stream(cluster.stream)!.name },
        ...{ takesAppends: true, lastSeqBefore: 3, lastSeqNow: 2, certainSeq: 1, atRisk: 2 },
      },
    ]);
    expect(loss.sinceMs).toBe(cluster.clock.nowMicros() / 1_000);
    expect(loss.consequences.join(' ')).toContain('set back');
    expect(loss.consequences.join(' ')).not.toContain('absent');
  });

  test('counts what is there but not certain where nobody noted what was there before', async () => {
    const cluster = await after('append', 'mark', 'append', 'append');
    cluster.setBack(A, 3);
    await cluster.suspend(A);
    expect((await reviewed(cluster, A)).shardlets).toMatchObject([
      { lastSeqBefore: undefined, lastSeqNow: 2, certainSeq: 1, atRisk: 1 },
    ]);
  });

  test('names what is absent, also where it was empty', async () => {
    const cluster = await after('append', 'mark', 'roll');
    const child = cluster.open(cluster.stream).find((s) => s.parents.length > 0)!;
    cluster.setBack(A, 2);
    await cluster.suspend(A);
    const loss = await reviewed(cluster, A);
    expect(loss.shardlets).toMatchObject([
      { shardlet: child.id, takesAppends: true, lastSeqNow: undefined, certainSeq: 0, atRisk: 0 },
    ]);
    expect(loss).toMatchObject({ absent: 1, whole: 1 });
    expect(loss.consequences.join(' ')).toContain('absent');
  });

  test('knows where a closed shardlet ended', async () => {
    const cluster = await after('append', 'append', 'roll');
    const closed = [...cluster.map.shardlets()].find((s) => s.state.kind === 'closed')!;
    cluster.setBack(A, 1);
    await cluster.suspend(A);
    const loss = await reviewed(cluster, A);
    expect(loss.shardlets.find((s) => s.shardlet === closed.id)).toMatchObject({
      ...{ takesAppends: false, lastSeqBefore: 2, lastSeqNow: 1, certainSeq: 0, atRisk: 2 },
    });
  });

  test('finds nothing lost where the source of a move still has all of it', async () => {
    const cluster = await after('append', 'append', 'mark', 'halfMove');
    cluster.setBack(2, 3);
    await cluster.suspend(2);
    expect(await reviewed(cluster, 2)).toMatchObject({ shardlets: [], atRisk: 0 });
  });

  test('says so when nothing is known to be lost', async () => {
    const cluster = await after('append', 'mark');
    await cluster.suspend(A);
    const loss = await reviewed(cluster, A);
    expect(loss.shardlets).toEqual([]);
    expect(loss.consequences).toHaveLength(1);
    expect(loss.consequences[0]).toContain('No loss is known');
  });

  test('tells no time where the change log does not reach back so far', async () => {
    const cluster = await after('append', 'mark');
    await cluster.suspend(A);
    const { store } = cluster;
    const topology = {
      snapshot: () => store.snapshot(),
      changesAfter: async (version: number) => store.changesAfter(version + 1, 1),
    };
    const proofs = { remembered: async () => new Map<number, number>() };
    const onRun: LossSources['onRun'] = ({ id }, use) => use(pinned(cluster, id));
    await cluster.decide(describeHost(2, { zone: 'z' }));
    expect(await reviewLoss({ topology, proofs, onRun }, A)).toMatchObject({ sinceMs: undefined, host: A });
  });

  test('is refused for a host that lost nothing, an unknown one, and another run', async () => {
    const cluster = await after('append', 'mark');
    expect(await review(cluster, A)).toMatchObject({ reason: 'not_allowed' });
    expect(await review(cluster, 9)).toMatchObject({ reason: 'unknown' });
    await cluster.suspend(A);
    cluster.runs.set(A, 'run-2');
    expect(await review(cluster, A)).toMatchObject({ reason: 'changed' });
  });

  test('is what T notes, after any history', async () => {
    const history = fc.array(fc.tuple(fc.constantFrom(...CHANGES), fc.nat(7)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom(1, 2), fc.nat(), async (changes, host, pick) => {
        const cluster = await SetBackCluster.of(2, 2);
        for (const [kind, which] of changes) await cluster.change(kind, which);
        const remembered = new Map(cluster.acknowledged.map(({ shardlet, seq }) => [shardlet, seq]));
        cluster.setBack(host, pick % cluster.statesOf(host));
        await cluster.suspend(host);
        const before = [...cluster.map.shardlets()].filter((s) => s.owner === host);
        const loss = await reviewed(cluster, host, remembered);
        expect(await cluster.readmit(host)).toEqual({ kind: 'finished' });
        for (const { id, lost, state } of before) {
          const noted = cluster.map.shardlet(id)!.lost.slice(lost.length)[0]?.seq;
          const shown = loss.shardlets.find((s) => s.shardlet === id);
          if (shown !== undefined) expect(noted).toBe(shown.certainSeq);
          const known = 'finalSeq' in state ? state.finalSeq : (remembered.get(id) ?? 0);
          if (state.kind !== 'gone' && noted !== undefined)
            expect(shown?.atRisk ?? 0).toBeGreaterThanOrEqual(known - noted);
        }
      }),
      { numRuns: 60 },
    );
  });
});
