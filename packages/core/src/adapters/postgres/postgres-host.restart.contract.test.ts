/** A server of our own that is stopped, killed and robbed of its connections under load. */
import { execFile } from 'node:child_process';
import { rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  createDatabase,
  type LocalServer,
  startPostgres,
  startSynchronousStandby,
  startTcpProxy,
  type TemporaryFolder,
  temporaryFolder,
} from '@foreshard/local';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { ALL, SPEC } from '../../hosts/contract/scene.ts';
import { type AppendGroup, type EventHost, frameIdentity, HostUnreachable } from '../../hosts/index.ts';
import { connectPostgresHost } from './postgres-host.ts';

const run = promisify(execFile);

let folder: TemporaryFolder;
let server: LocalServer;
let url: string;

beforeAll(async () => {
  folder = await temporaryFolder('foreshard-postgres-host-');
  server = await startPostgres({ dir: folder.path });
});

afterAll(async () => {
  await server?.stop();
  await folder?.remove();
});

async function freshDatabase(name: string): Promise<void> {
  url = await createDatabase(server.url, name);
}

/** A database whose shardlet 1 takes events. */
async function freshShardlet(name: string): Promise<void> {
  await freshDatabase(name);
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  await host.close();
}

function connect(expectedIncarnation: string | undefined = undefined): Promise<EventHost> {
  return connectPostgresHost({ url, expectedIncarnation, callTimeoutMs: 5_000 });
}

function group(events: readonly number[]): AppendGroup {
  const frames = concatFrames(events.map((n) => sampleFrame(n)));
  const edgeTs = Date.now() * 1_000;
  return { shardlet: 1, epoch: 1, edgeTs, tokenTs: 0, dedup: SPEC.dedup, frames, count: events.length };
}

/** Appends batches one after another, each again until it is answered; runs until told to stop. */
function appendUntil(stopped: () => boolean, connectAnew: () => Promise<EventHost>, firstEvent: number) {
  const acknowledged: number[] = [];
  let unanswered = 0;
  const run = async () => {
    let host = await connectWhenThere(connectAnew);
    for (let n = firstEvent; !stopped(); n += 5) {
      const events = [n, n + 1, n + 2, n + 3, n + 4];
      for (;;) {
        try {
          const [reply] = await host.append([group(events)]);
          expect(reply).toMatchObject({ kind: 'appended' });
          acknowledged.push(...events);
          break;
        } catch (error) {
          if (!(error instanceof HostUnreachable)) throw error;
          unanswered++;
          await host.close();
          host = await connectWhenThere(connectAnew);
        }
      }
    }
    await host.close();
  };
  return { done: run(), acknowledged, unanswered: () => unanswered };
}

async function connectWhenThere(connectAnew: () => Promise<EventHost>): Promise<EventHost> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      return await connectAnew();
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  throw new Error('the server did not come back');
}

async function storedIdentities(host: EventHost): Promise<string[]> {
  const identities: string[] = [];
  for (let from = 1; ; ) {
    const reply = await host.read(1, from, 0, ALL);
    if (reply.kind !== 'records') throw new Error(reply.kind);
    identities.push(...reply.records.map((record) => frameIdentity(record.frame)));
    if (reply.atEnd) return identities;
    from = reply.nextSeq;
  }
}

async function expectAllStoredOnce(acknowledged: readonly number[]): Promise<void> {
  const host = await connect();
  const stored = await storedIdentities(host);
  expect(new Set(stored).size).toBe(stored.length);
  const known = new Set(stored);
  expect(acknowledged.filter((n) => !known.has(frameIdentity(sampleFrame(n))))).toEqual([]);
  await host.close();
}

test('after a restart the host is another incarnation: the old handle and the old name are refused', async () => {
  await freshDatabase('restarted');
  const host = await connect();
  await host.createOpen(1, 1, SPEC, []);
  await host.append([group([1])]);
  const { incarnation } = await host.identify();
  const again = await connect(incarnation);
  expect((await again.identify()).incarnation).toBe(incarnation);

  await server.restart();
  const refused = { name: 'HostUnreachable', reason: 'incarnation' };
  // the first call may still meet the broken connection
  await host.append([group([2])]).catch(() => {});
  await expect(host.append([group([2])])).rejects.toMatchObject(refused);
  await again.describe(1).catch(() => {});
  await expect(again.describe(1)).rejects.toMatchObject(refused);
  await expect(connect(incarnation)).rejects.toMatchObject(refused);

  const readmitted = await connect();
  const now = await readmitted.identify();
  expect(now.incarnation).not.toBe(incarnation);
  expect(await storedIdentities(readmitted)).toHaveLength(1);
  const named = await connect(now.incarnation);
  expect(await named.append([group([1, 2])])).toMatchObject([{ stored: 1 }]);
  for (const each of [host, again, readmitted, named]) await each.close();
});

test('connections terminated under load: every acknowledged event is there once', async () => {
  await freshShardlet('terminated');
  let stop = false;
  const clients = [0, 1, 2].map((i) => appendUntil(() => stop, connect, 1_000_000 * i));
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  for (let i = 0; i < 12; i++) {
    await new Promise((done) => setTimeout(done, 100));
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'foreshard host' AND datname = current_database()`,
    );
  }
  stop = true;
  await Promise.all(clients.map((client) => client.done));
  await admin.end();
  expect(clients.reduce((sum, client) => sum + client.unanswered(), 0)).toBeGreaterThan(0);
  await expectAllStoredOnce(clients.flatMap((client) => client.acknowledged));
});

/** A limit on the size of files is, to a process, a disk that takes no more: here the log of the server itself. */
test('a full disk stops the host before it answers what it cannot keep; with room it goes on', async () => {
  await freshShardlet('full_disk');
  // as the user the server runs as, who may limit it
  const { uid, gid } = await stat(`/proc/${server.pid}`);
  await run('prlimit', ['--pid', String(server.pid), '--fsize=4000000:'], { uid, gid });
  let stop = false;
  const client = appendUntil(() => stop, connect, 0);
  await expect.poll(() => client.unanswered(), { timeout: 20_000 }).toBeGreaterThan(0);
  const before = client.acknowledged.length;
  await server.kill('SIGKILL');
  await server.restart();
  await expect.poll(() => client.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before);
  stop = true;
  await client.done;
  await expectAllStoredOnce(client.acknowledged);
});

test('the server killed under load: every acknowledged event is there once', async () => {
  await freshShardlet('killed');
  let stop = false;
  const clients = [0, 1].map((i) => appendUntil(() => stop, connect, 1_000_000 * i));
  for (let i = 0; i < 2; i++) {
    await new Promise((done) => setTimeout(done, 500));
    await server.kill('SIGKILL');
    await server.restart();
  }
  await new Promise((done) => setTimeout(done, 300));
  stop = true;
  await Promise.all(clients.map((client) => client.done));
  expect(clients.flatMap((client) => client.acknowledged).length).toBeGreaterThan(0);
  await expectAllStoredOnce(clients.flatMap((client) => client.acknowledged));
});

test('a server that is not there is unreachable', async () => {
  const nowhere = { url: 'postgresql://nobody@127.0.0.1:9/none', expectedIncarnation: undefined };
  await expect(connectPostgresHost(nowhere)).rejects.toMatchObject({
    name: 'HostUnreachable',
    reason: 'connection',
  });
});

test('the server lost under load and its synchronous standby promoted: every acknowledged event is there once', async () => {
  await freshShardlet('promoted');
  const standby = await startSynchronousStandby(server, { dir: `${folder.path}-standby` });
  // the address stays, as with a virtual address or a proxy of the database
  const proxy = await startTcpProxy({ port: server.port });
  url = proxy.through(url);
  try {
    const old = await connect();
    const { incarnation } = await old.identify();
    let stop = false;
    const clients = [0, 1, 2].map((i) => appendUntil(() => stop, connect, 1_000_000 * i));
    const acknowledged = () => clients.flatMap((client) => client.acknowledged);
    await expect.poll(() => acknowledged().length, { timeout: 20_000 }).toBeGreaterThan(100);
    await server.kill('SIGKILL');
    const before = acknowledged().length;
    await standby.promote();
    proxy.lead(standby.server.port);
    await expect.poll(() => acknowledged().length, { timeout: 20_000 }).toBeGreaterThan(before + 100);
    stop = true;
    await Promise.all(clients.map((client) => client.done));
    expect(clients.reduce((sum, client) => sum + client.unanswered(), 0)).toBeGreaterThan(0);
    await expectAllStoredOnce(acknowledged());

    await old.describe(1).catch(() => {});
    const refused = { name: 'HostUnreachable', reason: 'incarnation' };
    await expect(old.describe(1)).rejects.toMatchObject(refused);
    await expect(connect(incarnation)).rejects.toMatchObject(refused);
    await old.close();
  } finally {
    await proxy.stop();
    await standby.server.stop();
    await rm(`${folder.path}-standby`, { recursive: true, force: true });
  }
});
