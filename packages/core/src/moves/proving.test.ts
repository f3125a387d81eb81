/**
 * A host that goes back to before what it has shown, and then is marked: the mark says that it is whole, as nothing
 * that was confirmed is missing. So T decides only on what it shows after the mark.
 */
import { describe, expect, test } from 'vitest';
import { Killed, killedAt, TestCluster } from '../machines/cluster.fixture.ts';
import { type Action, driveAll, type Outcome, type Perform } from '../machines/index.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import { prepareMigration, restructure, type Shardlet } from '../topology/index.ts';
import { finishingMachines, moveMachine, movingShardlets } from './backlog.ts';

const A = 1;
const B = 2;

class Going extends TestCluster {
  private kept: unknown;

  keep(host: number): void {
    this.kept = structuredClone(Reflect.get(this.hosts.get(host)!, 'state'));
  }

  goBack(host: number): void {
    Reflect.set(this.hosts.get(host)!, 'state', structuredClone(this.kept));
  }

  /** Kept when `kind` is about to be carried out on the host, taken again when the host is marked after that. */
  back(host: number, kind: Action['kind'], onBack: () => Promise<void> = async () => {}): Perform {
    const inner = this.performer();
    let isKept = false;
    return async (action) => {
      if (action.kind === kind && 'host' in action && action.host === host && !isKept) {
        isKept = true;
        this.keep(host);
      } else if (action.kind === 'prove' && action.host === host && isKept) {
        this.goBack(host);
        await onBack();
      }
      return inner(action);
    };
  }

  async finish(host: number, perform: Perform): Promise<Outcome[]> {
    const outcomes = await driveAll(finishingMachines(await this.refresh(), host), perform);
    await this.refresh();
    return outcomes;
  }

  async move(perform = this.performer()): Promise<Outcome[]> {
    const map = await this.refresh();
    const outcomes = await driveAll(
      movingShardlets(map).map((s) => moveMachine(map, s)),
      perform,
    );
    await this.refresh();
    return outcomes;
  }

  now({ id }: Shardlet): Shardlet {
    return this.map.shardlet(id)!;
  }
}

async function open(): Promise<{ cluster: Going; shardlet: Shardlet }> {
  const cluster = new Going();
  await cluster.addHost();
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  await cluster.addHost();
  const shardlet = cluster.open(stream)[0]!;
  for (const id of ['a', 'b']) await cluster.append(shardlet, id);
  return { cluster, shardlet };
}

async function moving(): Promise<{ cluster: Going; shardlet: Shardlet }> {
  const set = await open();
  const { id, epoch } = set.shardlet;
  await set.cluster.decide(prepareMigration({ id, epoch, dest: B }));
  return set;
}

describe('T settles nothing that a host has forgotten before its mark', () => {
  test('a shardlet that was created', async () => {
    const cluster = new Going();
    await cluster.addHost();
    const stream = await cluster.addStream(2);
    expect(await cluster.finish(A, cluster.back(A, 'createOpen'))).toMatchObject([{ kind: 'stale' }]);
    expect(cluster.open(stream)).toEqual([]);
    await cluster.finishAll();
    await expectSettled(cluster);
  });

  test('the child of a roll', async () => {
    const { cluster, shardlet } = await open();
    const { id, epoch, range } = shardlet;
    await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
    expect(await cluster.finish(A, cluster.back(A, 'createOpen'))).toMatchObject([{ kind: 'stale' }]);
    expect(cluster.now(shardlet).state.kind).toBe('closing');
    await cluster.finishAll();
    await expectSettled(cluster);
  });

  test('the seal of a parent: what it took since is not left behind', async () => {
    const { cluster, shardlet } = await open();
    const { id, epoch, range } = shardlet;
    await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
    const taken = async () => {
      expect(await cluster.append(shardlet, 'c')).toMatchObject({ stored: 1 });
    };
    expect(await cluster.finish(A, cluster.back(A, 'seal', taken))).toMatchObject([{ kind: 'stale' }]);
    await cluster.finishAll();
    expect(cluster.now(shardlet).state).toMatchObject({ kind: 'closed', finalSeq: 3 });
    await expectSettled(cluster);
  });

  test('the opening of a copy', async () => {
    const { cluster, shardlet } = await moving();
    expect(await cluster.move(cluster.back(B, 'open'))).toMatchObject([{ kind: 'stale' }]);
    expect(cluster.now(shardlet).state.kind).toBe('opening');
    await cluster.finishAll();
    await expectSettled(cluster);
  });
});

describe('a move whose source goes back to before its seal', () => {
  const c = async (cluster: Going, shardlet: Shardlet) => {
    expect(await cluster.append(shardlet, 'c')).toMatchObject({ stored: 1 });
  };

  test('is given up where it was marked since: the source goes on with what it took', async () => {
    const { cluster, shardlet } = await moving();
    const perform = cluster.back(A, 'seal', () => c(cluster, shardlet));
    expect(await cluster.move(perform)).toMatchObject([{ kind: 'aborted' }]);
    await cluster.finishAll();
    expect(cluster.now(shardlet)).toMatchObject({ owner: A, state: { kind: 'open' } });
    expect(await cluster.idsOn(A, shardlet.id)).toEqual(['a', 'b', 'c']);
    await expectSettled(cluster);
  });

  test('is given up by who takes it over and finds a copy that is ready', async () => {
    const { cluster, shardlet } = await moving();
    const inner = cluster.performer();
    let count = 0;
    const counted: Perform = (action) => {
      if (action.kind === 'seal') cluster.keep(A);
      if (action.kind === 'prove') throw new Killed();
      count++;
      return inner(action);
    };
    await cluster.move(counted).catch((error) => expect(error).toBeInstanceOf(Killed));
    expect(count).toBeGreaterThan(5);
    cluster.goBack(A);
    await c(cluster, shardlet);
    expect(await cluster.move()).toMatchObject([{ kind: 'aborted' }]);
    await cluster.finishAll();
    expect(await cluster.idsOn(A, shardlet.id)).toEqual(['a', 'b', 'c']);
    await expectSettled(cluster);
  });

  test('is given up where another worker has sealed it once more, at the same number', async () => {
    const { cluster, shardlet } = await moving();
    const { id, epoch } = shardlet;
    const inner = cluster.performer();
    const perform: Perform = async (action) => {
      if (action.kind === 'createShadow') cluster.keep(A);
      if (action.kind !== 'prove' || action.host !== A) return inner(action);
      cluster.goBack(A);
      const host = cluster.hosts.get(A)!;
      const now = cluster.clock.nowMicros() + 5_000_000;
      cluster.clock.set(now);
      await host.frontier(now, 0);
      await host.seal(id, epoch);
      return inner(action);
    };
    expect(await cluster.move(perform)).toMatchObject([{ kind: 'aborted' }]);
  });

  test('a worker that dies at the mark leaves a move that the next one finishes', async () => {
    const { cluster, shardlet } = await moving();
    for (let n = 0; n < 40 && movingShardlets(await cluster.refresh()).length > 0; n++)
      await cluster.move(killedAt(n, 'after', cluster.performer())).catch(() => {});
    await cluster.finishAll();
    expect(cluster.now(shardlet)).toMatchObject({ owner: B, state: { kind: 'open' } });
    await expectSettled(cluster);
  });
});
