/**
 * Shardlets split, roll and merge, and hosts are drained, under load: nothing acknowledged is lost, doubled or out of
 * order, and clients are told nothing of it. Moves while things are killed: moves.slow.e2e.test.ts.
 */
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { Moves } from './moves.ts';
import { storedAnew, underLoad } from './under-load.ts';

const target = { edgeUrl: inject('edgeUrl'), token: inject('token'), stream: 'faults-restructure' };
const cluster = new Cluster(inject('dataDir'), target);
const moves = new Moves(cluster);

beforeAll(() => cluster.createStream());
afterEach(() => cluster.resume());
afterAll(() => cluster.deleteStream());

describe('shardlets that split, roll and merge under load', () => {
  it('hand every event over, and a moved child still knows what was sent before the split', async () => {
    const { faults } = await underLoad(cluster, target, { name: 'families' }, async ({ journal }) => {
      const [shardlet, other] = (await moves.openOn('host-4')) as [string, string];
      const { children } = await moves.json<{ children: { shardlet: number }[] }>(
        'split',
        shardlet,
        '--wait',
      );
      await storedAnew(journal);
      await cluster.foreshard('roll', other, '--wait');
      const child = String(children[0]!.shardlet);
      for (const host of ['host-3', 'host-4']) expect(await moves.move(child, host)).toBe('moved');
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
      expect(await moves.openOn('host-4')).toEqual([]);
      await storedAnew(journal);
      await cluster.foreshard('drain', 'host-4', '--undo');
    });
    expect(faults).toEqual([]);
    const { hosts, shardlets } = await cluster.map();
    const { id } = hosts.find((host) => host.name === 'host-4')!;
    expect(shardlets.filter((s) => s.owner === id && s.state !== 'gone')).toEqual([]);
  });
});
