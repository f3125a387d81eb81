/**
 * Shardlets move, split, roll and merge under load while workers are killed and the control Redis is
 * emptied: nothing acknowledged is lost, doubled or out of order, and clients are told nothing of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster, until } from './cluster.ts';
import { storedAnew, underLoad } from './under-load.ts';

const target = { edgeUrl: inject('edgeUrl'), token: inject('token'), stream: 'faults-restructure' };
const cluster = new Cluster(inject('dataDir'), target);
const WORKER_DEATHS = 4;

interface MoveRow {
  readonly id: number;
  readonly shardlet: number;
  readonly result: string | null;
}

beforeAll(() => cluster.createStream());
afterEach(() => cluster.resume());
afterAll(() => cluster.deleteStream());

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await cluster.foreshard(...args, '--json'));
}

/** Open shardlets of the stream on a host, by the host's name. */
async function openOn(name: string): Promise<string[]> {
  const { hosts, shardlets } = await cluster.map();
  const { id } = hosts.find((host) => host.name === name)!;
  return shardlets.filter((s) => s.owner === id && s.state === 'open').map((s) => String(s.id));
}

interface Started {
  readonly migration: number;
  readonly shardlet: number;
}

/** How they ended. The map is cheaper to ask than the command, so it tells when to ask. */
async function ended(started: readonly Started[]): Promise<(string | null)[]> {
  const ids = started.map(({ migration }) => migration);
  await until('the moves to end', async () => {
    const { shardlets } = await cluster.map();
    const moving = shardlets.filter((s) => s.state === 'moving' || s.state === 'closedMoving');
    return !moving.some((s) => started.some(({ shardlet }) => shardlet === s.id));
  });
  let found: MoveRow[] = [];
  await until('the moves to be told as ended', async () => {
    const { migrations } = await json<{ migrations: MoveRow[] }>(
      ...['migrations', 'list', '--all', '--limit', '500'],
    );
    found = migrations.filter((m) => ids.includes(m.id));
    return found.length === ids.length && found.every((m) => m.result !== null);
  });
  return found.map((m) => m.result);
}

async function start(shardlets: readonly string[], to: string): Promise<readonly Started[]> {
  const order = ['move', ...shardlets, '--to', to, '--reason', 'a test'];
  return (await json<{ results: Started[] }>(...order)).results;
}

async function move(shardlet: string, to: string): Promise<string | null> {
  const order = ['move', shardlet, '--to', to, '--reason', 'a test', '--wait'];
  return (await json<{ results: MoveRow[] }>(...order)).results[0]!.result;
}

describe('shardlets that move under load', () => {
  it('arrive with every event, although the worker is killed again and again', async () => {
    let results: (string | null)[] = [];
    const { journal, faults } = await underLoad(cluster, target, { name: 'moves' }, async ({ journal }) => {
      const shardlets = await openOn('host-1');
      const moves = await start(shardlets, 'host-2');
      for (let death = 0; death < WORKER_DEATHS; death++) {
        await sleep(150 * death);
        await cluster.killAndAwaitNext('worker');
      }
      results = await ended(moves);
      expect(results.length).toBeGreaterThan(3);
      await storedAnew(journal);
    });
    expect(faults).toEqual([]);
    expect(new Set(results)).toEqual(new Set(['moved']));
    expect(journal.refused.filter(({ cause }) => cause !== 'overloaded')).toEqual([]);
  });

  it('go there, back and there again, and can be aborted', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'there-and-back' }, async ({ journal }) => {
      const [shardlet] = (await openOn('host-2')) as [string];
      for (const host of ['host-3', 'host-2', 'host-3']) expect(await move(shardlet, host)).toBe('moved');
      await cluster.foreshard('pause-all', '--reason', 'a look around');
      const [started] = (await start([shardlet], 'host-4')) as [Started];
      const id = String(started.migration);
      await sleep(500);
      await storedAnew(journal);
      expect((await json<{ migration: MoveRow }>('migrations', 'show', id)).migration.result).toBeNull();
      await cluster.foreshard('migrations', 'abort', id, '--reason', 'no need');
      await cluster.foreshard('resume-all');
      expect(await ended([started])).toEqual(['aborted']);
    });
    expect(faults).toEqual([]);
    expect((await cluster.map()).shardlets.every((s) => s.state !== 'moving')).toBe(true);
  });

  it('are not disturbed when the control Redis forgets everything', async () => {
    const { redisUrl } = await cluster.credentials();
    const { faults } = await underLoad(cluster, target, { name: 'flushed' }, async ({ journal }) => {
      const moves = await start(await openOn('host-2'), 'host-1');
      await cluster.redis(redisUrl, 'FLUSHALL');
      expect(new Set(await ended(moves))).toEqual(new Set(['moved']));
      await storedAnew(journal);
    });
    expect(faults).toEqual([]);
  });
});

describe('shardlets that split, roll and merge under load', () => {
  it('hand every event over, and a moved child still knows what was sent before the split', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'families' }, async ({ journal }) => {
      const [shardlet, other] = (await openOn('host-4')) as [string, string];
      const { children } = await json<{ children: { shardlet: number }[] }>('split', shardlet, '--wait');
      await storedAnew(journal);
      await cluster.foreshard('roll', other, '--wait');
      const child = String(children[0]!.shardlet);
      for (const host of ['host-3', 'host-4']) expect(await move(child, host)).toBe('moved');
      const ids = children.map((c) => String(c.shardlet));
      const { shardlets } = await cluster.map();
      const states = ids.map((id) => shardlets.find((s) => String(s.id) === id)?.state);
      expect(new Set(states)).toEqual(new Set(['open']));
      await cluster.foreshard('merge', ...ids, '--wait');
      await storedAnew(journal);
    });
    expect(faults).toEqual([]);
  });
});

describe('a host that is drained under load', () => {
  it('gives up everything, open and closed, while its events go on', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'drained' }, async ({ journal }) => {
      await cluster.foreshard('drain', 'host-4', '--wait');
      expect(await openOn('host-4')).toEqual([]);
      await storedAnew(journal);
      await cluster.foreshard('drain', 'host-4', '--undo');
    });
    expect(faults).toEqual([]);
    const { hosts, shardlets } = await cluster.map();
    const { id } = hosts.find((host) => host.name === 'host-4')!;
    expect(shardlets.filter((s) => s.owner === id && s.state !== 'gone')).toEqual([]);
  });
});
