/** What a machine does that loses its power or its disk space, with a Redis that syncs every write. */
import { execFile } from 'node:child_process';
import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { SECOND, SPEC, T0 } from '../../hosts/contract/scene.ts';
import type { AppendGroup, AppendReply, EventHost } from '../../hosts/index.ts';
import { connectTo, startTestServer, type TestServer } from './redis-server.fixture.ts';

const run = promisify(execFile);
const ALL = { maxRecords: 100_000, maxBytes: 1e9 };

let server: TestServer;
let host: EventHost;
beforeEach(async () => {
  server = await startTestServer();
  host = await connectTo(server);
});
afterEach(async () => {
  await host.close();
  await server.stop();
});

async function setClock(micros: number): Promise<void> {
  await server.raw.hset('foreshard:host', 'clock', micros);
}

function group(events: readonly number[], payloadBytes = 0): AppendGroup {
  const frames = concatFrames(events.map((n) => sampleFrame(n, { payloadBytes })));
  return { shardlet: 1, epoch: 10, edgeTs: 0, tokenTs: 0, dedup: SPEC.dedup, frames, count: events.length };
}

async function append(events: readonly number[], payloadBytes = 0): Promise<AppendReply> {
  return (await host.append([group(events, payloadBytes)]))[0]!;
}

async function storedCount(): Promise<number> {
  const reply = await host.read(1, 1, 0, ALL);
  return reply.kind === 'records' ? reply.records.length : 0;
}

/** As it is when the power goes while a command is written: its beginning is in the file. */
async function tearTail(): Promise<void> {
  const dir = join(server.server.dir, 'appendonlydir');
  const file = (await readdir(dir)).filter((name) => name.endsWith('.incr.aof')).at(-1)!;
  await appendFile(join(dir, file), '*4\r\n$5\r\nFCALL\r\n$19\r\nforeshard_app');
}

async function startAgain(): Promise<void> {
  await host.close();
  await server.server.restart();
  await server.raw.ping();
  host = await connectTo(server);
}

test('a write that was torn by the power is gone, everything answered is there, and promises hold with the clock set back', async () => {
  await setClock(T0);
  await host.createOpen(1, 10, SPEC, []);
  const writers = Array.from({ length: 20 }, (_, i) => append([2 * i, 2 * i + 1]));
  const answers = await Promise.all(writers);
  const { hostLast } = await host.frontier(T0 + SECOND, 0);
  // on their way when it happens: their outcome is unknown
  const unanswered = [append([1_000]), host.frontier(T0 + 2 * SECOND, 0)].map((call) => call.catch(() => {}));
  await server.server.kill('SIGKILL');
  await Promise.all(unanswered);
  await tearTail();
  await startAgain();
  await setClock(T0 - 3_600 * SECOND);

  const stored = await storedCount();
  expect([40, 41]).toContain(stored);
  for (const [i, answer] of answers.entries()) {
    const firstSeq = answer.kind === 'appended' ? answer.firstSeq : 0;
    const duplicates = [{ seq: firstSeq }, { seq: firstSeq + 1 }];
    expect(await append([2 * i, 2 * i + 1])).toMatchObject({ stored: 0, duplicates });
  }
  const next = await append([2_000]);
  expect(next).toMatchObject({ kind: 'appended', firstSeq: stored + 1, stored: 1 });
  expect(next.kind === 'appended' ? next.firstTs : 0).toBeGreaterThan(hostLast);
  expect((await host.frontier(0, 0)).hostLast).toBeGreaterThanOrEqual(hostLast);
});

/** A limit on the size of files is, to a process, a disk that takes no more. */
test('a full disk stops the host before it answers what it cannot keep', async () => {
  await host.createOpen(1, 10, SPEC, []);
  let acknowledged = 0;
  await run('prlimit', ['--pid', String(server.server.pid), '--fsize=400000']);
  const full = (async () => {
    for (;;) {
      const reply = await append([acknowledged], 10_000);
      expect(reply).toMatchObject({ kind: 'appended', stored: 1 });
      acknowledged++;
    }
  })();
  await expect(full).rejects.toMatchObject({ name: 'HostUnreachable' });
  await server.server.ended;
  expect(acknowledged).toBeGreaterThan(10);
  await startAgain();
  expect([acknowledged, acknowledged + 1]).toContain(await storedCount());
  const all = Array.from({ length: acknowledged }, (_, n) => n);
  expect(await append(all, 10_000)).toMatchObject({ stored: 0 });
});
