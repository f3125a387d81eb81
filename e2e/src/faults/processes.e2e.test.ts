/** Edge, worker and console are killed under load: nothing acknowledged is lost, doubled or out of order. */
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { storedAnew, underLoad } from './under-load.ts';

const target = { edgeUrl: inject('edgeUrl'), token: inject('token'), stream: 'faults-processes' };
const cluster = new Cluster(inject('dataDir'), target);
/** What a busy machine may add to a write that nothing is wrong with. */
const UNDISTURBED_MS = 3_000;
const ALL = [
  'edge',
  'worker',
  'console',
  'postgres',
  'control-redis',
  'host-1',
  'host-2',
  'host-3',
  'host-4',
];

beforeAll(() => cluster.createStream());
afterEach(() => cluster.resume());
afterAll(() => cluster.deleteStream());

describe('an edge that is killed', () => {
  it('costs its clients a repetition and nothing else', async () => {
    let killedAtMs = 0;
    const { journal, follower, faults } = await underLoad(
      cluster,
      target,
      { name: 'edge-killed' },
      async (scene) => {
        killedAtMs = Date.now();
        await cluster.killAndAwaitNext('edge');
        await storedAnew(scene.journal);
      },
    );
    expect(faults).toEqual([]);
    expect(journal.causesSince(killedAtMs)).toContain('connection');
    expect(follower.failures).toBeGreaterThan(0);
  });
});

describe('everything at once', () => {
  it('can be killed, and all that was acknowledged is there when it has come back', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'all-killed' }, async (scene) => {
      await Promise.all(ALL.map((name) => cluster.killAndAwaitNext(name)));
      await storedAnew(scene.journal);
    });
    expect(faults).toEqual([]);
  });
});

describe('worker and console', () => {
  it('can be killed without any client noticing', async () => {
    let killedAtMs = 0;
    const { journal, follower, faults } = await underLoad(
      cluster,
      target,
      { name: 'others-killed' },
      async (scene) => {
        killedAtMs = Date.now();
        await Promise.all([cluster.killAndAwaitNext('worker'), cluster.killAndAwaitNext('console')]);
        await storedAnew(scene.journal);
      },
    );
    expect(faults).toEqual([]);
    expect(journal.causesSince(killedAtMs)).toEqual([]);
    expect(journal.longestWaitMs(killedAtMs)).toBeLessThan(UNDISTURBED_MS);
    expect(follower.failures).toBe(0);
  });
});
