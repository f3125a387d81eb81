/** Edges that come and go, on a real control Redis. */
import { type LocalServer, startRedis, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LivingEdges } from './living-edges.ts';

let server: LocalServer;
let redis: Redis;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('living-edges');
  server = await startRedis({ dir: folder.path });
  redis = new Redis(server.url, { commandTimeout: 1_000, maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  await redis.ping();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await folder.remove();
});

function edge(id: string, url: string | undefined, nowMs = Date.now): LivingEdges {
  return new LivingEdges({ id, url }, redis, nowMs);
}

const members = Array.from({ length: 60 }, (_, i) => `m${i}`);
const namedBy = (one: LivingEdges) => members.map((member) => one.preferred('g', member));

it('all name the same edge for a member, share the members, and move only those of one that ends', async () => {
  const edges = ['a', 'b', 'c'].map((id) => edge(id, `http://${id}`));
  expect(edges[0]!.preferred('g', 'm')).toBeUndefined();
  for (const one of edges) await one.start();
  const named = namedBy(edges[2]!);
  await vi.waitFor(
    () => {
      for (const one of edges) expect(namedBy(one)).toEqual(named);
    },
    { timeout: 5_000 },
  );
  expect(new Set(named)).toEqual(new Set(['http://a', 'http://b', 'http://c']));
  await edges[2]!.stop();
  await vi.waitFor(() => expect(namedBy(edges[0]!)).not.toContain('http://c'), { timeout: 5_000 });
  namedBy(edges[0]!).forEach((url, i) => {
    if (named[i] !== 'http://c') expect(url).toBe(named[i]);
  });
  for (const one of edges) await one.stop();
});

it('are known as soon as one has started, also where the control Redis is slow or only being reached', async () => {
  const other = new Redis(server.url);
  await other.client('PAUSE', 400, 'ALL');
  const slow = edge('slow', 'http://slow');
  await slow.start();
  expect(slow.preferred('g', 'm')).toBe('http://slow');
  await slow.stop();
  other.disconnect();
  const connecting = new Redis(server.url);
  const early = new LivingEdges({ id: 'early', url: 'http://early' }, connecting, Date.now);
  await early.start();
  await vi.waitFor(() => expect(early.preferred('g', 'm')).toBe('http://early'), { timeout: 5_000 });
  expect(connecting.status).toBe('ready');
  await early.stop();
  connecting.disconnect();
});

it('name none that nobody can reach, and none while the control Redis is away', async () => {
  let nowMs = 0;
  const hidden = edge('hidden', undefined);
  await hidden.start();
  expect(hidden.preferred('g', 'm')).toBeUndefined();
  await hidden.stop();
  const one = edge('one', 'http://one', () => nowMs);
  await one.start();
  expect(one.preferred('g', 'm')).toBe('http://one');
  nowMs += 8_000;
  expect(one.preferred('g', 'm')).toBeUndefined();
  await one.stop();
});
