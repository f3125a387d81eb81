/** Annotations on a real PostgreSQL. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { AnnotationQuery, NewAnnotation } from '../../annotations/index.ts';
import { PrismaAnnotationStore } from './annotation-store.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

const RANGE = { from: '8000000000000000', to: '10000000000000000' };

let prisma: PrismaClient;
let store: PrismaAnnotationStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'annotations');
  prisma = openPrisma(url);
  store = new PrismaAnnotationStore(prisma, url);
  await store.add(annotation('moment', 100, 100));
  await store.add({ ...annotation('span', 200, 300), range: RANGE });
  await store.add({ ...annotation('elsewhere', 250, 250), stream: 'other' });
});
afterAll(() => prisma.$disconnect());

function annotation(id: string, fromMs: number, toMs: number): NewAnnotation {
  return {
    ...{ id, stream: 'main', fromMs, toMs, range: null, text: `what ${id} was` },
    ...{ createdMs: 1_000, createdBy: 'ann' },
  };
}
const listed = async (query: Partial<AnnotationQuery> = {}) =>
  (await store.list({ limit: 10, ...query })).map(({ id }) => id);

it('keeps a range and a time as they were given', async () => {
  expect(await store.find('span')).toEqual({
    ...{ ...annotation('span', 200, 300), range: RANGE, removedMs: null, removedBy: null },
  });
  expect((await store.find('moment'))?.range).toBeNull();
  expect(await store.find('nothing')).toBeUndefined();
});

it('lists the latest first: of a stream, and of what touches a time', async () => {
  expect(await listed()).toEqual(['elsewhere', 'span', 'moment']);
  expect(await listed({ limit: 1 })).toEqual(['elsewhere']);
  expect(await listed({ stream: 'main' })).toEqual(['span', 'moment']);
  const within = (fromMs: number, toMs: number) => listed({ stream: 'main', fromMs, toMs });
  expect(await within(300, 400)).toEqual(['span']);
  expect(await within(301, 400)).toEqual([]);
  expect(await within(100, 199)).toEqual(['moment']);
  expect(await within(0, 99)).toEqual([]);
  expect(await within(220, 230)).toEqual(['span']);
});

it('keeps what is removed, with who removed it, and puts it back', async () => {
  expect(await store.remove('moment', 'ben', 2_000)).toBe(true);
  expect(await store.remove('moment', 'cy', 3_000)).toBe(false);
  expect(await listed({ stream: 'main' })).toEqual(['span']);
  expect(await listed({ stream: 'main', withRemoved: true })).toEqual(['span', 'moment']);
  expect(await store.find('moment')).toMatchObject({ removedMs: 2_000, removedBy: 'ben' });
  expect(await store.restore('moment')).toBe(true);
  expect(await store.restore('moment')).toBe(false);
  expect(await listed({ stream: 'main' })).toEqual(['span', 'moment']);
});
