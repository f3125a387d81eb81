/** Slices on a real PostgreSQL: leases, fences, and what a state stands on. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { SliceSettings } from '../../anticipating/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaSliceStore } from './slice-store.ts';

const LEASE_MS = 60_000;
const SETTINGS: SliceSettings = { share: 1, slices: 2, memoryBytes: 1_000_000, attributes: [] };
const ONE = { stream: 1, slice: 0 };
const STATE = Uint8Array.of(1, 2, 3);
const PROGRESS = { places: [[7, 40, 2]] as [number, number, number][], learned: 30, dropped: 1 };

let prisma: PrismaClient;
let store: PrismaSliceStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'slices');
  prisma = openPrisma(url);
  store = new PrismaSliceStore(prisma, url);
});
beforeEach(async () => {
  await prisma.correlationSlice.deleteMany();
  await store.divide(new Map([[1, SETTINGS]]));
});
afterAll(() => prisma.$disconnect());

const expire = () => prisma.$executeRaw`UPDATE correlation_slice SET lease_until = now()`;

describe('a lease', () => {
  it('belongs to one worker at a time', async () => {
    const claims = await Promise.all(['a', 'b', 'c'].map((worker) => store.claim(ONE, worker, LEASE_MS)));
    expect(claims.filter((one) => one !== undefined)).toHaveLength(1);
    expect((await store.list()).map(({ holder }) => holder !== undefined)).toEqual([true, false]);
  });

  it('that is over lets another one in, whose fence refuses what the first one writes', async () => {
    const first = (await store.claim(ONE, 'a', LEASE_MS))!;
    expect(await store.save(first, PROGRESS, STATE)).toBe(true);
    await expire();
    const second = (await store.claim(ONE, 'b', LEASE_MS))!;
    expect(second).toMatchObject({ progress: PROGRESS, state: STATE });
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await store.save(first, { ...PROGRESS, learned: 99 }, Uint8Array.of(9))).toBe(false);
    expect(await store.renew(first, LEASE_MS)).toBeUndefined();
    await store.release(first);
    expect((await store.list())[0]!.holder).toBe('b');
    expect(await store.renew(second, LEASE_MS)).toEqual(SETTINGS);
  });

  it('is free at once when it is given back', async () => {
    await store.release((await store.claim(ONE, 'a', LEASE_MS))!);
    expect(await store.claim(ONE, 'b', LEASE_MS)).toBeDefined();
  });
});

it('a state that is damaged is not given out', async () => {
  const held = (await store.claim(ONE, 'a', LEASE_MS))!;
  await store.save(held, PROGRESS, STATE);
  await prisma.$executeRaw`UPDATE correlation_slice SET snapshot = '\x0102'::bytea, lease_until = now()`;
  expect(await store.claim(ONE, 'b', LEASE_MS)).toMatchObject({ progress: undefined, state: undefined });
});

describe('dividing anew', () => {
  it('keeps what was learned when only the share changes', async () => {
    const held = (await store.claim(ONE, 'a', LEASE_MS))!;
    await store.save(held, PROGRESS, STATE);
    expect(await store.divide(new Map([[1, { ...SETTINGS, share: 0.5 }]]))).toBe(2);
    expect(await store.renew(held, LEASE_MS)).toMatchObject({ share: 0.5 });
    expect(await store.divide(new Map([[1, { ...SETTINGS, share: 0.5 }]]))).toBe(0);
  });

  it('starts anew where the model is another one, and shuts the holder out', async () => {
    const held = (await store.claim(ONE, 'a', LEASE_MS))!;
    await store.save(held, PROGRESS, STATE);
    await store.divide(new Map([[1, { ...SETTINGS, attributes: ['/a'] }]]));
    expect(await store.save(held, PROGRESS, STATE)).toBe(false);
    expect(await store.claim(ONE, 'b', LEASE_MS)).toMatchObject({ progress: undefined, state: undefined });
  });

  it('removes slices that nobody wants', async () => {
    await store.divide(new Map([[1, { ...SETTINGS, slices: 1 }]]));
    expect(await store.list()).toHaveLength(1);
    await store.divide(new Map());
    expect(await store.list()).toEqual([]);
  });
});

it('counts the workers that live', async () => {
  expect(await store.attend('a')).toBe(1);
  expect(await store.attend('b')).toBe(2);
  await prisma.$executeRaw`UPDATE correlation_worker SET seen_at = now() - interval '1 minute' WHERE worker = 'b'`;
  expect(await store.attend('a')).toBe(1);
  await store.attend('b');
  await store.leave('b');
  expect(await store.attend('a')).toBe(1);
});
