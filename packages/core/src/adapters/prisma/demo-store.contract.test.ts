import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { processPrincipal } from '../../access/index.ts';
import { type DemoStatus, NO_DEMO } from '../../demo/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaDemoStore } from './demo-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

const REQUESTED: DemoStatus = { ...NO_DEMO, state: 'requested', seed: 7 };
const BY = processPrincipal('a test');
const run = (state: 'running' | 'ended'): DemoStatus['runs'][number] => ({
  ...{ number: 1, arm: 'with', state, samples: [], forecast: null, foreseen: null },
  ...{ plans: [], moves: [], result: null },
});

let prisma: PrismaClient;
let store: PrismaDemoStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'demo');
  prisma = openPrisma(url);
  store = new PrismaDemoStore(prisma, url);
});
afterAll(() => prisma.$disconnect());

it('is one at most, whoever asks at the same time, until it has ended', async () => {
  expect(await store.read()).toBeUndefined();
  expect(await store.stop('nobody')).toBe(false);
  const asked = await Promise.all([1, 2, 3, 4].map(() => store.request(REQUESTED, BY)));
  expect(asked.filter(Boolean).length).toBe(1);
  expect(await store.read()).toEqual({ status: REQUESTED, principal: BY, stopBy: null, tokenId: null });
  await store.write({ ...REQUESTED, state: 'cleaning' });
  expect(await store.request(REQUESTED, BY)).toBe(false);
  await store.write({ ...REQUESTED, state: 'ended' });
  expect(await store.request({ ...REQUESTED, seed: 8 }, BY)).toBe(true);
  expect((await store.read())?.status.seed).toBe(8);
});

it('tells whoever writes that somebody wants it to stop, and forgets that in the next one', async () => {
  expect(await store.write({ ...REQUESTED, state: 'running' })).toBeNull();
  expect(await store.stop('ada')).toBe(true);
  expect(await store.write({ ...REQUESTED, state: 'running' })).toBe('ada');
  await store.write({ ...REQUESTED, state: 'ended' });
  await store.request(REQUESTED, BY);
  expect(await store.write(REQUESTED)).toBeNull();
});

it('has a limit of its hosts while a run goes on, and at no other time', async () => {
  const measured = { ...REQUESTED, state: 'running', hostPerSecond: 90 } as const;
  await store.write(measured);
  expect(await store.limit()).toBeUndefined();
  await store.write({ ...measured, runs: [run('running')] });
  expect(await store.limit()).toEqual({ stream: 'demo--watch-it-work', eventsPerSecondOfHost: 90 });
  await store.write({ ...measured, runs: [run('ended')] });
  expect(await store.limit()).toBeUndefined();
  await store.write({ ...measured, runs: [run('running')] });
  await store.write({ ...measured, runs: [run('running')], state: 'ended' });
  expect(await store.limit()).toBeUndefined();
});

it('keeps which token is to be revoked', async () => {
  await store.noteToken('t-1');
  expect((await store.read())?.tokenId).toBe('t-1');
  await store.noteToken(null);
  expect((await store.read())?.tokenId).toBeNull();
});

it('of another release is read as far as there is something to clean up', async () => {
  for (const [isUnderWay, state] of [
    [true, 'running'],
    [false, 'idle'],
  ] as const) {
    await prisma.demo.updateMany({ data: { isUnderWay, status: { of: 'another release' } } });
    expect((await store.read())?.status).toEqual({ ...NO_DEMO, state });
  }
});
