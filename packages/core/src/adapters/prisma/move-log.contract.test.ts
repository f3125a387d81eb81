/** What people want of moves lasts, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaMoveLog } from './move-log.ts';

let prisma: PrismaClient;
let log: PrismaMoveLog;
let again: PrismaMoveLog;
beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'moves');
  prisma = openPrisma(url);
  log = new PrismaMoveLog(prisma, url);
  again = new PrismaMoveLog(prisma, url);
});
afterAll(() => prisma.$disconnect());

const intent = (nextEpoch: number, reason = 'a test') =>
  ({ move: { shardlet: 3, nextEpoch, source: 1, dest: 2 }, kind: 'open', actor: 'me', reason }) as const;

test('the first intent of a move wins, and the newest move comes first', async () => {
  await log.add([intent(10), intent(11)]);
  await again.add([intent(10, 'found later')]);
  const found = await log.list({ ended: false, limit: 10 });
  expect(found.map(({ id, reason, order }) => ({ id, reason, order }))).toEqual([
    { id: 11, reason: 'a test', order: 'go' },
    { id: 10, reason: 'a test', order: 'go' },
  ]);
});

test('an order lasts; an abort stays one; what has ended takes none', async () => {
  await log.add([intent(20)]);
  expect(await log.order(20, 'pause', 'lunch', 'me')).toBe(true);
  expect(await again.find(20)).toMatchObject({ order: 'pause', orderReason: 'lunch', orderedBy: 'me' });
  expect(await log.order(20, 'abort', 'enough', 'me')).toBe(true);
  expect(await log.order(20, 'go', '', 'me')).toBe(false);
  await log.end(20, 'aborted', 'enough');
  await log.end(20, 'moved', 'too late');
  expect(await log.find(20)).toMatchObject({ result: 'aborted', detail: 'enough', phase: 'done' });
  expect(await log.order(999, 'pause', '', 'me')).toBe(false);
});

test('progress adds up, and the journal keeps its order', async () => {
  await log.add([intent(30)]);
  const progress = { phase: 'copy', bytes: 500, records: 2, sourceSeq: 9, copiedSeq: 4 } as const;
  await log.progress(30, 'w1', progress, 1_000);
  await again.progress(30, 'w2', { ...progress, copiedSeq: 6 }, 2_000);
  expect(await log.find(30)).toMatchObject({
    bytes: 1_000,
    records: 4,
    copiedSeq: 6,
    worker: 'w2',
    bytesPerSecond: 2_000,
  });
  await log.note(30, 'w1', [{ what: 'shadow created', bytes: 0, detail: '' }]);
  await again.note(30, 'w2', [{ what: 'sealed', bytes: 7, detail: 'at seq 9' }]);
  expect((await log.journal(30)).map(({ what, worker, bytes }) => [what, worker, bytes])).toEqual([
    ['shadow created', 'w1', 0],
    ['sealed', 'w2', 7],
  ]);
});

test('the switch for all lasts, and is read by many at once', async () => {
  const free = await log.controls();
  expect(free).toMatchObject({ paused: false, bytesPerSecondMax: null });
  await log.setControls({ paused: true, reason: 'fire' }, 'me');
  const read = await Promise.all(Array.from({ length: 5 }, () => again.controls()));
  for (const controls of read)
    expect(controls).toMatchObject({ paused: true, reason: 'fire', changedBy: 'me' });
  await log.setControls({ paused: false, bytesPerSecondMax: 5_000_000 }, 'me');
  expect(await again.controls()).toMatchObject({ paused: false, bytesPerSecondMax: 5_000_000 });
});
