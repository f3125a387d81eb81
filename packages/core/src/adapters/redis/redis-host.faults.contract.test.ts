/** Restarts, lost connections, servers that must not be hosts, and memory that really runs out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { expectationOf, SPEC } from '../../hosts/contract/scene.ts';
import type { AppendGroup, EventHost, StoredRecord } from '../../hosts/index.ts';
import { connectRedisHost } from './redis-host.ts';
import { startTestServer, type TestServer } from './redis-server.fixture.ts';

let server: TestServer;
const opened: EventHost[] = [];
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((host) => host.close()));
  await server.raw.config('SET', 'maxmemory', '0');
  await server.raw.flushall();
});
afterAll(() => server.stop());

async function connect(expectedIncarnation?: string, callTimeoutMs = 5_000): Promise<EventHost> {
  const host = await connectRedisHost({ url: server.server.url, expectedIncarnation, callTimeoutMs });
  opened.push(host);
  return host;
}

function group(shardlet: number, epoch: number, events: readonly number[], payloadBytes = 100): AppendGroup {
  const frames = concatFrames(events.map((n) => sampleFrame(n, { payloadBytes })));
  return { shardlet, epoch, edgeTs: 0, tokenTs: 0, dedup: SPEC.dedup, frames, count: events.length };
}

async function readAll(host: EventHost, shardlet: number): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (let from = 1; ; ) {
    const reply = await host.read(shardlet, from, 0, { maxRecords: 5_000, maxBytes: 10_000_000 });
    if (reply.kind !== 'records') throw new Error(`shardlet ${shardlet} is ${reply.kind}`);
    records.push(...reply.records);
    if (reply.atEnd) return records;
    from = reply.nextSeq;
  }
}

/** Calls until the host serves again, or refuses for another reason. */
async function afterReconnect(host: EventHost): Promise<unknown> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const outcome = await host.identify().catch((error) => error);
    if (outcome.reason !== 'connection' && outcome.reason !== 'timeout') return outcome;
    await sleep(20);
  }
  throw new Error('the handle did not come back');
}

describe('a restart', () => {
  test('under load loses nothing acknowledged, and the old handles refuse the new incarnation', async () => {
    const first = await connect();
    const { incarnation } = await first.identify();
    const shardlets = [1, 2, 3, 4];
    for (const s of shardlets) await first.createOpen(s, 10, SPEC, []);
    const acknowledged = new Map<number, number>();
    const writers = shardlets.map(async (shardlet) => {
      const handle = await connect(incarnation);
      for (let n = shardlet; ; n += 4 * 3) {
        const events = [n, n + 4, n + 8];
        const [reply] = await handle.append([group(shardlet, 10, events)]);
        if (reply?.kind !== 'appended') throw new Error(`unexpected ${reply?.kind}`);
        for (const [k, event] of events.entries()) acknowledged.set(event, reply.firstSeq + k);
      }
    });
    const ends = Promise.allSettled(writers);
    await sleep(400);
    await server.server.kill('SIGKILL');
    for (const end of await ends)
      expect(end).toMatchObject({
        status: 'rejected',
        reason: { name: 'HostUnreachable', reason: 'connection' },
      });
    expect(acknowledged.size).toBeGreaterThan(100);
    await server.server.restart();

    expect(await afterReconnect(first)).toMatchObject({ hostId: undefined }); // it takes any incarnation
    for (const handle of opened.slice(1))
      expect(await afterReconnect(handle)).toMatchObject({ name: 'HostUnreachable', reason: 'incarnation' });
    await expect(connect(incarnation)).rejects.toMatchObject({ reason: 'incarnation' });

    const again = await connect();
    expect((await again.identify()).incarnation).not.toBe(incarnation);
    const stored = new Map<string, number>();
    for (const s of shardlets)
      for (const { seq, frame } of await readAll(again, s))
        stored.set(Buffer.from(frame).toString('latin1'), seq);
    for (const [event, seq] of acknowledged) {
      const frame = sampleFrame(event, { payloadBytes: 100 });
      expect(stored.get(Buffer.from(frame).toString('latin1'))).toBe(seq);
    }
  });

  test('refuses for ever, also when asked again and again', async () => {
    const handle = await connect((await (await connect()).identify()).incarnation);
    await server.server.restart();
    for (let i = 0; i < 3; i++) expect(await afterReconnect(handle)).toMatchObject({ reason: 'incarnation' });
  });
});

describe('a connection', () => {
  test('asks a wrong incarnation for nothing but who it is', async () => {
    await connect();
    await server.raw.config('RESETSTAT');
    await expect(connect('another run')).rejects.toMatchObject({ reason: 'incarnation' });
    const stats = (await server.raw.info('commandstats')).match(/cmdstat_[^:]+/g);
    expect(stats?.toSorted()).toEqual(['cmdstat_config|resetstat', 'cmdstat_info']);
  });

  test('that breaks is made again by itself to the same incarnation', async () => {
    const { incarnation } = await (await connect()).identify();
    const host = await connect(incarnation);
    await server.raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expect(host.identify()).rejects.toMatchObject({ reason: 'connection' });
    expect(await afterReconnect(host)).toMatchObject({ incarnation });
  });

  test('that answers too late is given up, with all calls that wait on it', async () => {
    const host = await connect(undefined, 150);
    await server.raw.client('PAUSE', 600, 'ALL');
    const calls = [host.identify(), host.list(0, 1)];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ reason: { name: 'HostUnreachable', reason: 'timeout' } });
    expect(await afterReconnect(host)).toMatchObject({ engine: 'redis' });
  });

  test('to a server that accepts but never answers is given up as well', async () => {
    await server.server.kill('SIGSTOP');
    try {
      await expect(connect(undefined, 150)).rejects.toMatchObject({ reason: 'timeout' });
    } finally {
      await server.server.kill('SIGCONT');
    }
  });

  test('that was closed refuses calls', async () => {
    const host = await connect();
    await host.close();
    await expect(host.identify()).rejects.toMatchObject({ name: 'HostUnreachable', reason: 'connection' });
  });

  test('finds its functions again when somebody removed them', async () => {
    const host = await connect();
    await server.raw.call('FUNCTION', 'FLUSH');
    await expect(host.list(0, 1)).rejects.toMatchObject({ reason: 'connection' });
    expect(await afterReconnect(host)).toMatchObject({ engine: 'redis' });
  });

  test('to nobody is refused', async () => {
    const url = 'redis://127.0.0.1:1';
    await expect(connectRedisHost({ url, expectedIncarnation: undefined })).rejects.toMatchObject({
      name: 'HostUnreachable',
      reason: 'connection',
    });
  });
});

describe('a server that must not be a host is refused with cause and cure', () => {
  const refused = (cause: RegExp) => expect(connect()).rejects.toThrow(cause);

  test.each([
    ['appendonly', 'no', /appendonly is "no".*set "appendonly yes"/],
    ['appendfsync', 'everysec', /appendfsync is "everysec".*acknowledged.*set "appendfsync always"/],
    ['maxmemory-policy', 'allkeys-lru', /evicted; set "maxmemory-policy noeviction"/],
    ['no-appendfsync-on-rewrite', 'yes', /set "no-appendfsync-on-rewrite no"/],
  ])('%s %s', async (name, bad, message) => {
    const [, good] = (await server.raw.config('GET', name)) as [string, string];
    await server.raw.config('SET', name, bad);
    try {
      await refused(message);
    } finally {
      await server.raw.config('SET', name, good);
    }
  });

  test('a replica', async () => {
    await server.raw.replicaof('127.0.0.1', 1);
    try {
      await refused(/is a replica; use the address of the primary/);
    } finally {
      await server.raw.replicaof('NO', 'ONE');
    }
  });

  test('a server that hides CONFIG', async () => {
    const other = await startTestServer({ 'rename-command CONFIG': '' });
    try {
      const options = { url: other.server.url, expectedIncarnation: undefined };
      await expect(connectRedisHost(options)).rejects.toThrow(/hides CONFIG/);
    } finally {
      await other.stop();
    }
  });

  test('a cluster', async () => {
    const other = await startTestServer({ 'cluster-enabled': 'yes' });
    try {
      const options = { url: other.server.url, expectedIncarnation: undefined };
      await expect(connectRedisHost(options)).rejects.toThrow(/cluster mode; use a standalone server/);
    } finally {
      await other.stop();
    }
  });
});

describe('a host whose memory is used up', () => {
  const LIMIT_BYTES = 24_000_000;

  /** Large appends until one is refused, then so little memory that small ones are, too. */
  async function fill(host: EventHost, dedup = SPEC.dedup): Promise<number> {
    await server.raw.config('SET', 'maxmemory', LIMIT_BYTES);
    for (let n = 1; ; n += 50) {
      const events = Array.from({ length: 50 }, (_, i) => n + i);
      const [reply] = await host.append([{ ...group(1, 10, events, 2_000), dedup }]);
      if (reply?.kind === 'full') {
        const { usedBytes } = await host.usage();
        await server.raw.config('SET', 'maxmemory', usedBytes - 500_000);
        return n - 1;
      }
      expect(reply).toMatchObject({ kind: 'appended', stored: 50 });
    }
  }

  test('can be drained: every control operation runs, and dropping makes room', async () => {
    const host = await connect();
    for (const s of [1, 2, 3]) await host.createOpen(s, 10, SPEC, []);
    await host.append([group(2, 10, [1, 2, 3])]);
    await host.createShadow(4, 10, SPEC);
    const copied = await readAll(host, 2);
    await host.ingest(4, 10, copied);
    const stored = await fill(host);
    expect(stored).toBeGreaterThan(1_000);

    expect(await host.createShadow(9, 10, SPEC)).toEqual({ kind: 'full' });
    expect(await host.ingest(4, 10, copied)).toEqual({ kind: 'full' });
    expect(await host.append([group(2, 10, [1])])).toEqual([{ kind: 'full' }]);

    expect(await host.ready(4, 10, expectationOf(copied))).toEqual({ kind: 'ready' });
    expect(await host.open(4, 10)).toEqual({ kind: 'done', lastSeq: 3 });
    expect(await host.seal(1, 10)).toEqual({ kind: 'done', lastSeq: stored });
    expect(await host.seal(2, 10)).toEqual({ kind: 'done', lastSeq: 3 });
    expect(await host.createOpen(5, 11, SPEC, [{ shardlet: 2, epoch: 10 }])).toEqual({ kind: 'created' });
    expect(await host.raise(3, 12)).toEqual({ kind: 'done', lastSeq: 0 });
    expect(await host.raise(1, 12)).toEqual({ kind: 'done', lastSeq: stored });
    expect(await host.trim(1, 12, 100)).toEqual({ kind: 'trimmed', firstSeq: 1 }); // young ones are spared
    expect((await host.frontier(Number.MAX_SAFE_INTEGER, 0)).changed).toHaveLength(5);
    expect(await host.forgetIds(100)).toBe(0);
    await host.createFloor(5);
    expect(await readAll(host, 1)).toHaveLength(stored);
    expect(await host.drop(1, 12)).toEqual({ kind: 'dropped' });
    await sleep(200); // the log is freed in the background
    expect(await host.append([group(5, 11, [1, 7])])).toMatchObject([{ kind: 'appended', stored: 1 }]);
  });

  test('is refused as long as there is no room for the functions', async () => {
    await server.raw.call('FUNCTION', 'FLUSH');
    await server.raw.config('SET', 'maxmemory', '1');
    await expect(connect()).rejects.toThrow(/memory of this host is used up.*raise its maxmemory/);
  });

  test('a trim makes room as well', async () => {
    const host = await connect();
    const dedup = { windowMicros: 1_000, leadMicros: 100 };
    await host.createOpen(1, 10, { ...SPEC, dedup }, []);
    const stored = await fill(host, dedup);
    await sleep(10);
    expect(await host.trim(1, 10, stored)).toEqual({ kind: 'trimmed', firstSeq: stored });
    expect(await host.append([{ ...group(1, 10, [1_000_000]), dedup }])).toMatchObject([{ stored: 1 }]);
  });
});
