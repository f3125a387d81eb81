/** Hosts are killed, paused and filled under load: their own events wait, everybody else's do not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster, type MapDocument, until } from './cluster.ts';
import type { Acknowledged, Journal } from './journal.ts';
import type { Reader } from './reading.ts';
import { storedAnew, underLoad } from './under-load.ts';

const target = { edgeUrl: inject('edgeUrl'), token: inject('token'), stream: 'faults-hosts' };
const cluster = new Cluster(inject('dataDir'), target);
/** What a busy machine may add to a write that nothing is wrong with. */
const UNDISTURBED_MS = 3_000;

/** EDGE_HOLD_MS_MAX */
const HOLD_MS = 5_000;
/** longer than an edge waits for an answer, so that it also gives up its connection */
const PAUSED_MS = 8_000;

beforeAll(() => cluster.createStream());
afterEach(() => cluster.resume());
afterAll(() => cluster.deleteStream());

/** One host, and which events are its own. Those of a batch share the fate of their request. */
async function hostNamed(name: string) {
  const before = await cluster.map();
  const { id, address } = before.hosts.find((host) => host.name === name)!;
  const shardlets = new Set(before.shardlets.filter((s) => s.owner === id).map((s) => s.id));
  return {
    id,
    address,
    before,
    isOwn: ({ shardlet }: Acknowledged) => shardlets.has(shardlet),
    isElsewhere: ({ shardlet, key }: Acknowledged) => !shardlets.has(shardlet) && !key.includes('batch'),
  };
}

describe('a host that is killed', () => {
  it('is readmitted with new epochs and takes events again, while the others never stop', async () => {
    const host = await hostNamed('host-2');
    let killedAtMs = 0;
    const { journal, faults } = await underLoad(cluster, target, { name: 'host-killed' }, async (scene) => {
      killedAtMs = Date.now();
      await cluster.killAndAwaitNext('host-2');
      await storedAnew(scene.journal, host.isOwn);
    });
    expect(faults).toEqual([]);
    expect(journal.longestWaitMs(killedAtMs, host.isElsewhere)).toBeLessThan(UNDISTURBED_MS);
    expect(elsewhereRefused(journal, host.isElsewhere)).toEqual([]);
    const after = await cluster.map();
    expect(epochsRaised(host.before, after, host.id)).toEqual({ own: true, elsewhere: false });
  });
});

describe('a host that stops to answer for a while', () => {
  it('holds up its own events and the log, and doubles none of them when it goes on', async () => {
    const host = await hostNamed('host-3');
    let pausedAtMs = 0;
    const { journal, follower, faults } = await underLoad(
      cluster,
      target,
      { name: 'host-paused', hastyMs: 1_000 },
      async (scene) => {
        pausedAtMs = Date.now();
        await cluster.pause('host-3');
        await logWaitsFor('host-3', scene.reader);
        await sleep(PAUSED_MS);
        cluster.resume();
        await storedAnew(scene.journal, host.isOwn);
      },
    );
    expect(faults).toEqual([]);
    expect(journal.causesSince(pausedAtMs)).toEqual(['host_unreachable', 'timeout']);
    const refused = journal.refused.find(({ cause }) => cause === 'host_unreachable')!;
    expect(refused.atMs - pausedAtMs).toBeLessThan(HOLD_MS + UNDISTURBED_MS);
    expect(journal.longestWaitMs(pausedAtMs, host.isElsewhere)).toBeLessThan(UNDISTURBED_MS);
    expect([...follower.waitedFor]).toEqual(['host-3']);
  });
});

describe('an edge that starts while a host does not answer', () => {
  it('serves the others, refuses what is for that host in time, and takes it when the host is back', async () => {
    const host = await hostNamed('host-1');
    let restartedAtMs = 0;
    const { journal, faults } = await underLoad(
      cluster,
      target,
      { name: 'edge-restarted-host-paused' },
      async (scene) => {
        await cluster.pause('host-1');
        await cluster.killAndAwaitNext('edge');
        restartedAtMs = Date.now();
        await storedAnew(scene.journal, host.isElsewhere);
        await refusedAs(scene.journal, 'host_unreachable', restartedAtMs);
        cluster.resume();
        await storedAnew(scene.journal, host.isOwn);
      },
    );
    expect(faults).toEqual([]);
    const refused = journal.refused.find(({ atMs }) => atMs > restartedAtMs)!;
    expect(refused.atMs - restartedAtMs).toBeLessThan(HOLD_MS + UNDISTURBED_MS);
  });
});

describe('a host at the limit of its memory', () => {
  it('refuses its own events only, is read as before, and takes events again when it gets more', async () => {
    const host = await hostNamed('host-4');
    const redis = (...command: string[]) => cluster.redis(host.address, ...command);
    const [, enough] = (await redis('CONFIG', 'GET', 'maxmemory')).split('\n');
    let filledAtMs = 0;
    const { journal, faults } = await underLoad(cluster, target, { name: 'host-full' }, async (scene) => {
      filledAtMs = Date.now();
      try {
        await redis('CONFIG', 'SET', 'maxmemory', '1mb');
        await refusedAs(scene.journal, 'host_full', filledAtMs);
        await readsGoOn(scene.journal, scene.reader, host.isOwn);
        await sleep(3_000);
      } finally {
        await redis('CONFIG', 'SET', 'maxmemory', enough!);
      }
      await storedAnew(scene.journal, host.isOwn);
    });
    expect(faults).toEqual([]);
    expect(journal.causesSince(filledAtMs)).toEqual(['host_full']);
    expect(journal.longestWaitMs(filledAtMs, host.isElsewhere)).toBeLessThan(UNDISTURBED_MS);
    expect(elsewhereRefused(journal, host.isElsewhere)).toEqual([]);
  });
});

function epochsRaised(before: MapDocument, after: MapDocument, host: number) {
  const epochs = new Map(before.shardlets.map(({ id, epoch }) => [id, epoch]));
  const raised = after.shardlets.filter(({ id, epoch }) => epoch > epochs.get(id)!);
  const own = after.shardlets.filter(({ owner }) => owner === host);
  return {
    own: own.every((shardlet) => raised.includes(shardlet)),
    elsewhere: raised.some(({ owner }) => owner !== host),
  };
}

async function logWaitsFor(name: string, reader: Reader): Promise<void> {
  await until(`the log to wait for ${name}`, async () => {
    const { next } = await reader.log('now', { limit: 1 });
    const { waitingFor } = await reader.log(next, { limit: 1 });
    return waitingFor?.some((host) => host.name === name) === true;
  });
}

async function refusedAs(journal: Journal, cause: string, sinceMs: number): Promise<void> {
  await until(`refusals as ${cause}`, () => journal.causesSince(sinceMs).includes(cause));
}

/** What the host holds is read by key, and the log comes to its end. */
async function readsGoOn(
  journal: Journal,
  reader: Reader,
  isOwn: (event: Acknowledged) => boolean,
): Promise<void> {
  const [event] = journal.acknowledged.filter(isOwn);
  const ofKey = await reader.eventsOfKey(event!.key);
  expect(ofKey.map(({ event: { id } }) => id)).toContain(event!.id);
  const page = await reader.log('now', { waitMs: 2_000 });
  expect(page.events.length).toBeGreaterThan(0);
}

/** Keys that were refused although another host keeps them. */
function elsewhereRefused(journal: Journal, isElsewhere: (event: Acknowledged) => boolean): string[] {
  const keys = new Set(journal.acknowledged.filter(isElsewhere).map(({ key }) => key));
  return journal.refused.filter(({ key }) => keys.has(key)).map(({ id }) => id);
}
