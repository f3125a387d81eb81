/** Learning on real servers, in worker processes that are killed. */
import type { SliceRow } from '@foreshard/core/anticipating';
import { matrixOf } from '@foreshard/core/anticipating';
import { FRAME_HEADER_BYTES, writeFrame } from '@foreshard/core/hosts';
import { contains, hashKey, identify } from '@foreshard/core/keyspace';
import { dedupIn } from '@foreshard/core/moves';
import { policySchema } from '@foreshard/core/planning';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { RealCluster } from '../testing/real-cluster.ts';

/** A process that starts on a busy machine, and its first jobs. */
const STARTED_WITHIN_MS = 90_000;
const RESUMED_WITHIN_MS = 30_000;

let cluster: RealCluster;
let stream: number;
let events: number;

beforeEach(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  stream = await cluster.createStream({ name: 'main', shardCount: 4 });
  events = 0;
}, 60_000);
afterEach(() => cluster?.stop());

async function anticipate(settings: object): Promise<void> {
  const [newest] = await cluster.control.policies.versions(1);
  const policy = policySchema.parse({ anticipation: settings });
  const effectiveMs = Date.now();
  const change = { policy, actor: 'test', note: '', effectiveMs, createdMs: effectiveMs };
  expect(await cluster.control.policies.add({ ...change, from: newest?.version ?? 0 })).toBeDefined();
}

async function append(key: string, type: string): Promise<void> {
  await cluster.until('the shardlets to be open', () => cluster.open(stream).length === 4);
  const hash = hashKey(key);
  const id = String(++events);
  const identity = new Uint32Array(4);
  identify(hash, '/test', id, identity);
  const shardlet = cluster.open(stream).find(({ range }) => contains(range, { hi: hash, lo: identity[0]! }))!;
  const event = { specversion: '1.0', id, source: '/test', type, subject: key };
  const payload = new TextEncoder().encode(JSON.stringify(event));
  const frames = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frames, 0, hash, identity, payload, 0, payload.length);
  const host = await cluster.pool.get(shardlet.owner);
  const at = { shardlet: shardlet.id, epoch: shardlet.epoch, edgeTs: Date.now() * 1_000, tokenTs: 0 };
  const [reply] = await host.append([{ ...at, dedup: dedupIn(cluster.map, shardlet), frames, count: 1 }]);
  expect(reply).toMatchObject({ kind: 'appended' });
}

/** An order is paid after it was placed; whether mail comes before is chance. */
async function appendOrders(from: number, count: number): Promise<void> {
  for (let i = from; i < from + count; i++) {
    await append(`order-${i}`, 'placed');
    if (i % 3 === 0) await append(`order-${i}`, 'mailed');
    await append(`order-${i}`, 'paid');
  }
}

const slices = (): Promise<readonly SliceRow[]> => cluster.control.slices.list();

async function learned(): Promise<number> {
  return (await slices()).reduce((sum, { report }) => sum + (report?.learned ?? 0), 0);
}

test('after kill -9 another worker goes on within 30 s, and each event is learned once', {
  timeout: 240_000,
}, async () => {
  await anticipate({ sample_share: 1, slices: 2 });
  const first = await cluster.startWorker();
  await appendOrders(0, 60);
  await cluster.until('all to be learned', async () => (await learned()) === events, STARTED_WITHIN_MS);
  await cluster.until('both slices to be saved', async () =>
    (await slices()).every(({ savedAtMs }) => savedAtMs !== undefined),
  );
  // learned, and not saved
  await appendOrders(60, 40);
  await cluster.until('more to be learned', async () => (await learned()) === events);
  const second = await cluster.startWorker();
  first.process.kill('SIGKILL');
  await first.ended;
  const killedMs = Date.now();
  await appendOrders(100, 20);
  await cluster.until(
    'the other one to have learned all',
    async () => (await learned()) === events,
    STARTED_WITHIN_MS,
  );
  expect(Date.now() - killedMs).toBeLessThan(RESUMED_WITHIN_MS);
  const rows = await slices();
  // the model counts by itself what it was given
  expect(rows.reduce((sum, { report }) => sum + report!.counts.total, 0)).toBe(events);
  const { pairs } = matrixOf(
    rows.map(({ report }) => report!),
    8,
  );
  const paid = pairs.find(({ from, to }) => from === 'placed' && to === 'paid')!;
  expect(paid.samples).toBe(120);
  expect(paid.coefficient).toBeGreaterThan(0.5);
  second.process.kill('SIGKILL');
});

test('workers share slices, and one that ends leaves them saved', { timeout: 240_000 }, async () => {
  await anticipate({ sample_share: 1, slices: 4 });
  const first = await cluster.startWorker();
  await appendOrders(0, 20);
  await cluster.until('all to be learned', async () => (await learned()) === events, STARTED_WITHIN_MS);
  await cluster.startWorker();
  const held = async () => {
    const counts = new Map<string | undefined, number>();
    for (const { holder } of await slices()) counts.set(holder, (counts.get(holder) ?? 0) + 1);
    return [...counts.values()].sort().join(' ');
  };
  await cluster.until('each to have two', async () => (await held()) === '2 2', STARTED_WITHIN_MS);
  first.process.kill('SIGTERM');
  await first.ended;
  await cluster.until('one to have all', async () => (await held()) === '4', STARTED_WITHIN_MS);
  await appendOrders(20, 5);
  await cluster.until('all to be learned', async () => (await learned()) === events);
  expect((await slices()).reduce((sum, { report }) => sum + report!.counts.total, 0)).toBe(events);
});

test('nothing is learned before the policy says so, nor after', { timeout: 180_000 }, async () => {
  await cluster.startWorker();
  await appendOrders(0, 3);
  await anticipate({ sample_share: 0.5 });
  await cluster.until('a slice', async () => (await slices()).length === 1, STARTED_WITHIN_MS);
  await cluster.until('a report', async () => (await slices())[0]!.report !== undefined);
  await anticipate({ sample_share: 0 });
  await cluster.until('no slice', async () => (await slices()).length === 0);
});
