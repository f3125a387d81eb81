/** Quotas as operators set them: the command, and an edge that learns of them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { RealEdge } from '../replay/real-edge.fixture.ts';

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'quotas');
}, 60_000);
afterAll(() => edge?.stop());

const run = (...args: string[]) => edge.command(args).ended;
const listed = async () => JSON.parse((await run('quotas', '--json')).stdout);

test('a quota is set, shown beside its stream, held by the edge, and removed', async () => {
  expect((await run('quotas')).stdout).toContain('no quota yet');
  const set = await run('quotas', 'set', 'stream', 'main', '--events-per-second', '5');
  expect([set.exitCode, set.stdout]).toEqual([0, expect.stringContaining('within 3 s')]);
  expect(await listed()).toEqual([
    { scope: 'stream', subject: 'main', name: 'main', eventsPerSecond: 5, bytesPerSecond: 'none' },
  ]);
  const streams = JSON.parse((await run('streams', '--json')).stdout);
  expect(streams[0]).toMatchObject({ name: 'main', eventsPerSecond: 5, bytesPerSecond: null });
  expect((await run('streams')).stdout).toMatch(/eventsPerSecond +bytesPerSecond/);
  await vi.waitFor(async () => expect((await bulk(6)).status).toBe(429), { timeout: 15_000, interval: 200 });
  expect((await run('quotas', 'remove', 'stream', 'main')).exitCode).toBe(0);
  expect(await listed()).toEqual([]);
  await vi.waitFor(async () => expect((await bulk(6)).status).toBe(200), { timeout: 15_000, interval: 200 });
}, 60_000);

test('what is wrong is told with exit code 2', async () => {
  for (const [args, message] of [
    [['set', 'stream', 'nowhere', '--events-per-second', '5'], 'there is no stream nowhere'],
    [['set', 'token', 'nobody', '--bytes-per-second', '5'], 'there is no token nobody'],
    [['set', 'stream', 'main'], 'no quota is given'],
    [['set', 'stream', 'main', '--events-per-second', '0'], 'a whole number from 1'],
    [['set', 'host', 'main', '--events-per-second', '1'], 'Allowed choices are token, stream'],
    [['remove', 'stream', 'main'], 'has no quota of its own'],
  ] as const) {
    const { exitCode, stderr } = await run('quotas', ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
}, 60_000);

let ids = 0;

async function bulk(count: number): Promise<Response> {
  const { edgeUrl, token } = JSON.parse(await readFile(join(edge.dataDir, 'credentials.json'), 'utf8'));
  const event = () => ({ specversion: '1.0', id: `q${++ids}`, source: '/q', type: 't' });
  return fetch(`${edgeUrl}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/cloudevents-batch+json',
    },
    body: JSON.stringify(Array.from({ length: count }, event)),
  });
}
