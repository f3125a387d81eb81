/** PostgreSQL and the control Redis are killed, paused and emptied under load: the data plane does not notice. */
import { JOBS } from '@foreshard/core/jobs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster, until } from './cluster.ts';
import { storedAnew, underLoad } from './under-load.ts';

const target = { edgeUrl: inject('edgeUrl'), token: inject('token'), stream: 'faults-control' };
const cluster = new Cluster(inject('dataDir'), target);
/** What a busy machine may add to a write that nothing is wrong with. */
const UNDISTURBED_MS = 3_000;

beforeAll(() => cluster.createStream());
afterEach(() => cluster.resume());
afterAll(() => cluster.deleteStream());

describe('PostgreSQL, then the control Redis', () => {
  it('can be killed while the edge goes on serving', async () => {
    let killedAtMs = 0;
    const { journal, follower, faults } = await underLoad(
      cluster,
      target,
      { name: 'control-killed' },
      async (scene) => {
        killedAtMs = Date.now();
        for (const name of ['postgres', 'control-redis']) {
          await cluster.killAndAwaitNext(name);
          await storedAnew(scene.journal);
        }
        await edgeHearsOfPostgres();
      },
    );
    expect(faults).toEqual([]);
    expect(journal.causesSince(killedAtMs)).toEqual([]);
    expect(journal.longestWaitMs(killedAtMs)).toBeLessThan(UNDISTURBED_MS);
    expect(follower.failures).toBe(0);
  });
});

describe('an edge that is killed while PostgreSQL and the control Redis do not answer', () => {
  it('starts with what it has on disk, serves, and follows PostgreSQL when that is back', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'edge-alone' }, async (scene) => {
      await cluster.pause('postgres');
      await cluster.pause('control-redis');
      await cluster.killAndAwaitNext('edge');
      await storedAnew(scene.journal);
      const { events } = await scene.reader.log('oldest');
      expect(events.length).toBeGreaterThan(0);
      expect(await mapCameFrom()).toBe('file');
      cluster.resume();
      await edgeHearsOfPostgres();
    });
    expect(faults).toEqual([]);
  });
});

describe('a control Redis that loses everything', () => {
  it('is filled again: jobs run on, edges tell their load, nobody misses anything', async () => {
    const { redisUrl } = await cluster.credentials();
    const keys = async () => (await cluster.redis(redisUrl, 'KEYS', '*')).split('\n').sort();
    const before = (await keys()).filter(isLasting);
    let flushedAtMs = 0;
    const { journal, faults } = await underLoad(cluster, target, { name: 'redis-flushed' }, async (scene) => {
      flushedAtMs = Date.now();
      const runs = await reconcileRuns();
      await cluster.redis(redisUrl, 'FLUSHALL');
      await until('the schedules to be back', async () => (await reconcileRuns()) >= runs + 3);
      await until('the load of the edge', async () => (await keys()).includes('{foreshard}:load'));
      await storedAnew(scene.journal);
    });
    expect(faults).toEqual([]);
    expect(journal.causesSince(flushedAtMs)).toEqual([]);
    expect(before).toHaveLength(LASTING_KEYS);
    await until('every lasting key to be there again', async () => {
      const now = new Set(await keys());
      return before.every((key) => now.has(key));
    });
  });
});

/** the schedules of the jobs that have one, and the load */
const LASTING_KEYS = Object.values(JOBS).filter((job) => 'everyMs' in job).length + 1;

/** What else there is belongs to single jobs. */
function isLasting(key: string): boolean {
  return key === '{foreshard}:load' || /:repeat:\w+$/.test(key);
}

/** The edge's map is younger than this call. */
async function edgeHearsOfPostgres(): Promise<void> {
  const now = Date.now();
  await until('the edge to follow PostgreSQL', async () => (await cluster.mapAgeMs()) < Date.now() - now);
}

async function mapCameFrom(): Promise<unknown> {
  const loads = (await cluster.logLines('edge')).filter(({ msg }) => msg === 'map loaded');
  return loads.at(-1)?.from;
}

async function reconcileRuns(): Promise<number> {
  const { workerUrl } = await cluster.credentials();
  const headers = { authorization: `Bearer ${target.token}` };
  const text = await (await fetch(`${workerUrl}/metrics`, { headers })).text();
  const runs = text.matchAll(/^foreshard_job_runs_total\{job="reconcile",result="\w+"\} (\d+)$/gm);
  return [...runs].reduce((sum, [, count]) => sum + Number(count), 0);
}
