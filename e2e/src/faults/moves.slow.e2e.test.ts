/**
 * Shardlets move under load while workers are killed and the control Redis is emptied: nothing acknowledged is
 * lost, doubled or out of order, and clients are told nothing of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { type MoveRow, Moves, type Started } from './moves.ts';
import { storedAnew, underLoad } from './under-load.ts';

const target = { edgeUrl: inject('edgeUrl'), token: inject('token'), stream: 'faults-moves' };
const cluster = new Cluster(inject('dataDir'), target);
const moves = new Moves(cluster);
const WORKER_DEATHS = 4;

beforeAll(() => cluster.createStream());
afterEach(() => cluster.resume());
afterAll(() => cluster.deleteStream());

describe('shardlets that move under load', () => {
  it('arrive with every event, although the worker is killed again and again', async () => {
    let results: (string | null)[] = [];
    const { journal, faults } = await underLoad(cluster, target, { name: 'moves' }, async ({ journal }) => {
      const shardlets = await moves.openOn('host-1');
      const started = await moves.start(shardlets, 'host-2');
      for (let death = 0; death < WORKER_DEATHS; death++) {
        await sleep(150 * death);
        await cluster.killAndAwaitNext('worker');
      }
      results = await moves.ended(started);
      expect(results.length).toBeGreaterThan(3);
      await storedAnew(journal);
    });
    expect(faults).toEqual([]);
    expect(new Set(results)).toEqual(new Set(['moved']));
    expect(journal.refused.filter(({ cause }) => cause !== 'overloaded')).toEqual([]);
  });

  it('go there, back and there again, and can be aborted', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'there-and-back' }, async ({ journal }) => {
      const [shardlet] = (await moves.openOn('host-2')) as [string];
      for (const host of ['host-3', 'host-2', 'host-3'])
        expect(await moves.move(shardlet, host)).toBe('moved');
      await cluster.foreshard('pause-all', '--reason', 'a look around');
      const [started] = (await moves.start([shardlet], 'host-4')) as [Started];
      const id = String(started.migration);
      await sleep(500);
      await storedAnew(journal);
      expect(
        (await moves.json<{ migration: MoveRow }>('migrations', 'show', id)).migration.result,
      ).toBeNull();
      await cluster.foreshard('migrations', 'abort', id, '--reason', 'no need');
      await cluster.foreshard('resume-all');
      expect(await moves.ended([started])).toEqual(['aborted']);
    });
    expect(faults).toEqual([]);
    expect((await cluster.map()).shardlets.every((s) => s.state !== 'moving')).toBe(true);
  });

  it('are not disturbed when the control Redis forgets everything', async () => {
    const { redisUrl } = await cluster.credentials();
    const { faults } = await underLoad(cluster, target, { name: 'flushed' }, async ({ journal }) => {
      const started = await moves.start(await moves.openOn('host-2'), 'host-1');
      await cluster.redis(redisUrl, 'FLUSHALL');
      expect(new Set(await moves.ended(started))).toEqual(new Set(['moved']));
      await storedAnew(journal);
    });
    expect(faults).toEqual([]);
  });
});
