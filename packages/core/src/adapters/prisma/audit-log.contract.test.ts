import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { processPrincipal } from '../../access/index.ts';
import type { AuditEntry } from '../../audit/index.ts';
import { PrismaAuditLog } from './audit-log.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaQuotaStore } from './quota-store.ts';

let prisma: PrismaClient;
let audit: PrismaAuditLog;
let url: string;

beforeAll(async () => {
  url = await migratedDatabase(inject('postgresUrl'), 'audit');
  prisma = openPrisma(url);
  audit = new PrismaAuditLog(prisma, url);
});
afterAll(() => prisma.$disconnect());
beforeEach(async () => {
  await prisma.$transaction([
    prisma.$executeRaw`SELECT set_config('foreshard.audit_pruning', 'on', true)`,
    prisma.$executeRaw`TRUNCATE audit_row, audit_seal, audit_anchor`,
  ]);
});

function entry(over: Partial<AuditEntry> = {}): AuditEntry {
  const origin = { surface: 'console', address: '10.0.0.9', requestId: 'r-1', sessionId: 's-1' } as const;
  const what = { operation: 'hosts.drain', resource: 'host', target: '3', reason: 'why', input: { host: 3 } };
  return { principal: processPrincipal('ann@example.com'), origin, ...what, ...over };
}

it('shows one order of two rows, by the id of either', async () => {
  const startedId = await audit.started(entry());
  expect(await audit.list({ limit: 10 })).toMatchObject([{ id: startedId, outcome: 'under way' }]);
  await audit.completed(startedId, entry(), { outcome: 'done', before: { a: 1 }, after: { a: 2 } });
  const listed = await audit.list({ limit: 10 });
  expect(listed).toMatchObject([
    {
      ...{ startedId, outcome: 'done', actor: 'ann@example.com', actorKind: 'process', sessionId: 's-1' },
      ...{ address: '10.0.0.9', surface: 'console', operation: 'hosts.drain', target: '3', requestId: 'r-1' },
      ...{ reason: 'why', input: { host: 3 }, before: { a: 1 }, after: { a: 2 }, seal: undefined },
    },
  ]);
  expect(listed[0]!.endedAt.getTime()).toBeGreaterThanOrEqual(listed[0]!.at.getTime());
  expect(await audit.show(startedId)).toEqual(listed[0]);
  expect(await audit.show(listed[0]!.id)).toEqual(listed[0]);
  expect(await audit.show('999999')).toBe(undefined);
});

it('an order has one end', async () => {
  const startedId = await audit.started(entry());
  await audit.completed(startedId, entry(), { outcome: 'done' });
  await expect(audit.completed(startedId, entry(), { outcome: 'failed' })).rejects.toThrow();
});

it('filters, and pages from the newest on', async () => {
  for (const host of [1, 2, 3]) await audit.done(entry({ target: String(host), input: { host } }));
  await audit.denied(entry({ principal: processPrincipal('bob') }), 'forbidden', 'bob may not 100%_x here');
  const ask = async (question: object) => (await audit.list({ limit: 10, ...question })).map((r) => r.target);
  const page = await audit.list({ limit: 2 });
  expect(page.map(({ outcome }) => outcome)).toEqual(['denied', 'done']);
  expect(await ask({ before: page[1]!.id })).toEqual(['2', '1']);
  expect(await ask({ actor: 'bob' })).toEqual(['3']);
  expect(await ask({ outcome: 'done' })).toEqual(['3', '2', '1']);
  expect(await ask({ text: '100%_x' })).toEqual(['3']);
  expect(await ask({ text: '100%%x' })).toEqual([]);
  expect(await ask({ text: '"HOST": 2' })).toEqual(['2']);
  expect(await ask({ operation: 'hosts.add' })).toEqual([]);
  expect(await ask({ resource: 'host', from: new Date(Date.now() + 60_000) })).toEqual([]);
  expect(await ask({ to: new Date(Date.now() + 60_000) })).toHaveLength(4);
});

it('shows an order without an end as unknown once it took longer than any', async () => {
  await prisma.$executeRaw`
    INSERT INTO audit_row (at, outcome, actor_kind, actor_id, actor, address, surface, operation, resource, target,
      request_id, reason)
    VALUES (now() - interval '1 hour', 'started', 'process', 'a', 'a', '', 'edge', 'hosts.drain', 'host', '3', '', '')`;
  expect(await audit.list({ limit: 1, outcome: 'unknown' })).toMatchObject([{ outcome: 'unknown' }]);
});

it('gives an order an end that a change of the topology names, once, and no other', async () => {
  await prisma.$executeRaw`
    INSERT INTO audit_row (at, outcome, actor_kind, actor_id, actor, session_id, address, surface, operation, resource,
      target, request_id, reason, input)
    VALUES (now() - interval '1 hour', 'started', 'person', 'p', 'ann', 's-1', '::1', 'edge', 'streams.create', 'stream',
      'a', 'r', 'why', '{"shardCount":1}')`;
  const [from, to] = [new Date(Date.now() - 7_200_000), new Date()];
  const open = await audit.openBetween(from, to, 10);
  expect(open).toMatchObject([{ at: expect.any(Date) }]);
  expect(await audit.openBetween(from, open[0]!.at, 10)).toEqual([]);
  await audit.carriedOut(open[0]!.id, { kind: 'topology', version: 42 });
  await audit.carriedOut(open[0]!.id, { kind: 'database', at: new Date() });
  expect(await audit.openBetween(from, to, 10)).toEqual([]);
  expect(await audit.show(open[0]!.id)).toMatchObject({
    ...{
      outcome: 'carried out',
      actor: 'ann',
      sessionId: 's-1',
      address: '::1',
      surface: 'edge',
      reason: 'why',
    },
    ...{
      input: { shardCount: 1 },
      after: { topologyVersion: 42 },
      detail: expect.stringContaining('Version 42'),
    },
  });
  expect(await audit.list({ limit: 1, outcome: 'carried out' })).toHaveLength(1);
});

it('knows of an order whose process died that it has changed something, and of another why nothing is known', async () => {
  const quotas = new PrismaQuotaStore(prisma, url);
  const quota = { scope: 'stream', subject: 'main', eventsPerSecond: 1, bytesPerSecond: undefined } as const;
  const changed = await audit.started(entry());
  await audit.during(changed, () => quotas.set(quota));
  const lost = await audit.started(entry());
  await audit.during(lost, () => quotas.remove('stream', 'none'));
  const soon = new Date(Date.now() + 60_000);
  const open = await audit.openBetween(new Date(0), soon, 10);
  expect(open).toMatchObject([
    { id: changed, changedAt: expect.any(Date) },
    { id: lost, changedAt: null },
  ]);
  await audit.carriedOut(changed, { kind: 'database', at: open[0]!.changedAt! });
  expect(await audit.show(changed)).toMatchObject({
    ...{ outcome: 'carried out', detail: expect.stringContaining('A change in PostgreSQL at 20') },
    after: { changedAt: open[0]!.changedAt!.toISOString() },
  });
  expect((await audit.show(lost))!.detail).toBeUndefined();
  await prisma.$transaction([
    prisma.$executeRaw`ALTER TABLE audit_row DISABLE TRIGGER audit_row_fence`,
    prisma.$executeRaw`UPDATE audit_row SET at = at - interval '1 hour' WHERE id = ${lost}::bigint`,
    prisma.$executeRaw`ALTER TABLE audit_row ENABLE TRIGGER audit_row_fence`,
  ]);
  expect(await audit.show(lost)).toMatchObject({
    outcome: 'unknown',
    detail: expect.stringContaining('no change names it'),
  });
  expect(await audit.forgetEffects(new Date(0))).toBe(0);
  expect(await audit.forgetEffects(soon)).toBe(1);
});

describe('the fence', () => {
  it.each([
    'UPDATE audit_row SET actor = $$nobody$$',
    'DELETE FROM audit_row',
    'TRUNCATE audit_row CASCADE',
    'DELETE FROM audit_seal',
    'UPDATE audit_seal SET hash = hash',
  ])('refuses %s', async (statement) => {
    await audit.done(entry());
    await prisma.$executeRaw`INSERT INTO audit_seal (number, row_id, hash) SELECT 1, max(id), 'x' FROM audit_row`;
    await expect(prisma.$executeRawUnsafe(statement)).rejects.toThrow(/are never changed or removed/);
  });

  it('also refuses to change a row while pruning', async () => {
    await audit.done(entry());
    const changed = prisma.$transaction([
      prisma.$executeRaw`SELECT set_config('foreshard.audit_pruning', 'on', true)`,
      prisma.$executeRaw`UPDATE audit_row SET actor = 'nobody'`,
    ]);
    await expect(changed).rejects.toThrow(/are never changed or removed/);
  });
});

it('says in one line that the database is away', async () => {
  const url = 'postgresql://me:secret@127.0.0.1:1/t';
  const nowhere = openPrisma(url);
  const reply = new PrismaAuditLog(nowhere, url).started(entry());
  await expect(reply).rejects.toMatchObject({ name: 'DatabaseUnreachable' });
  await nowhere.$disconnect();
});
