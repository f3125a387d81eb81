/** The job on a real database: what it seals, publishes, finds and prunes. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processPrincipal } from '@foreshard/core/access';
import { ensureAuditKeys, headFileOf, keepHead, readHead } from '@foreshard/core/adapters/audit';
import { openPrisma, PrismaAuditChain, PrismaAuditLog } from '@foreshard/core/adapters/prisma';
import type { ChainState, Head } from '@foreshard/core/audit';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { migratedDatabase } from '../../../../packages/core/src/adapters/prisma/migrated-database.fixture.ts';
import { createMetrics } from '../process/metrics.ts';
import { SealAuditJob } from './seal-audit-job.ts';

const MINUTE_MS = 60_000;
const never = new AbortController().signal;

let dir: string;
let keyFile: string;
let prisma: ReturnType<typeof openPrisma>;
let audit: PrismaAuditLog;
let chain: PrismaAuditChain;
let nowMs: number;
let lines: { msg: string; number?: number }[];
let states: ChainState[];
let announced: Head[];
const metrics = createMetrics();

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'seal');
  prisma = openPrisma(url);
  [audit, chain] = [new PrismaAuditLog(prisma, url), new PrismaAuditChain(prisma, url)];
});
afterAll(() => prisma.$disconnect());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-audit-'));
  keyFile = join(dir, 'data', 'audit.key');
  [nowMs, lines, states, announced] = [Date.now(), [], [], []];
  await pruning('TRUNCATE audit_row, audit_seal, audit_anchor RESTART IDENTITY');
  return () => rm(dir, { recursive: true, force: true });
});

async function pruning(statement: string): Promise<void> {
  await prisma.$transaction([
    prisma.$executeRaw`SELECT set_config('foreshard.audit_pruning', 'on', true)`,
    prisma.$executeRawUnsafe(statement),
  ]);
}

function job(file = keyFile): SealAuditJob {
  return new SealAuditJob({
    ...{ chain, metrics, nowMs: () => nowMs, retentionMs: 400 * 86_400_000 },
    keys: () => ensureAuditKeys(file),
    heads: { read: () => readHead(headFileOf(file)), keep: (head) => keepHead(headFileOf(file), head) },
    settleLostEnds: async () => 0,
    report: async (state) => void states.push(state),
    announce: async (head) => void announced.push(head),
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  });
}

async function write(count: number): Promise<void> {
  const origin = { surface: 'edge', address: '', requestId: '' } as const;
  const what = { operation: 'hosts.drain', resource: 'host', target: '3', reason: '', input: {} };
  for (let i = 0; i < count; i++) await audit.done({ principal: processPrincipal('ann'), origin, ...what });
}

it('makes a key that only its user reads, seals, and publishes the head each minute that it moves', async () => {
  const sealing = job();
  await sealing.run(never);
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  expect([lines, announced]).toEqual([[], []]);
  await write(3);
  nowMs += 1_000;
  await sealing.run(never);
  expect((await chain.head()).number).toBe(3);
  expect(announced).toEqual([]);
  nowMs += MINUTE_MS;
  await sealing.run(never);
  const head = await chain.head();
  expect(announced).toEqual([head]);
  expect(lines).toMatchObject([{ msg: 'head of the audit log', ...head }]);
  expect(states.at(-1)).toMatchObject({ head, unsealed: 0, fault: null });
  await write(1);
  nowMs += MINUTE_MS;
  await sealing.run(never);
  nowMs += MINUTE_MS;
  await sealing.run(never);
  expect(states.at(-1)).toMatchObject({ verified: { to: 4 } });
  expect(await readHead(headFileOf(keyFile))).toEqual(await chain.head());
  expect(announced).toHaveLength(2);
});

it('finds what was changed, and prunes nothing until that was looked into', async () => {
  await write(3);
  const sealing = job();
  await sealing.run(never);
  await prisma.$transaction([
    prisma.$executeRaw`ALTER TABLE audit_row DISABLE TRIGGER audit_row_fence`,
    prisma.$executeRaw`UPDATE audit_row SET at = at - interval '500 days' WHERE id < 3`,
    prisma.$executeRaw`ALTER TABLE audit_row ENABLE TRIGGER audit_row_fence`,
  ]);
  nowMs += 11 * MINUTE_MS;
  await sealing.run(never);
  expect(lines.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining([
      'the audit log does not verify: Row 1 is not what seal 1 was made of.',
      'nothing is pruned from the audit log while it does not verify',
    ]),
  );
  expect(await prisma.auditRow.count()).toBe(3);
  expect((await metrics.auditFaults.get()).values[0]!.value).toBe(1);
});

it('finds that the end was cut off, by the head that it has seen before', async () => {
  await write(3);
  await job().run(never);
  nowMs += 2 * MINUTE_MS;
  await job().run(never);
  expect((await readHead(headFileOf(keyFile)))?.number).toBe(3);
  await pruning('DELETE FROM audit_row WHERE id > 1');
  await write(1);
  await job().run(never);
  expect(lines.map(({ msg }) => msg).join()).toContain('seal 3 was published and is gone');
  // the proof stays
  expect((await readHead(headFileOf(keyFile)))?.number).toBe(3);
});

it('seals nothing under another key, and says where the right one goes', async () => {
  await write(2);
  await job().run(never);
  await write(1);
  await job(join(dir, 'other.key')).run(never);
  expect((await chain.head()).number).toBe(2);
  expect(lines.at(-1)!.msg).toContain('AUDIT_KEY_FILE');
});

it('prunes what is past its retention', async () => {
  await prisma.$executeRaw`
    INSERT INTO audit_row (at, outcome, actor_kind, actor_id, actor, address, surface, operation, resource, target,
      request_id, reason)
    SELECT now() - interval '401 days', 'done', 'process', 'a', 'a', '', 'edge', 'o', 'host', '', '', ''
    FROM generate_series(1, 3)`;
  await write(1);
  const sealing = job();
  expect(await sealing.run(never)).toEqual({ pruned: 3 });
  expect(await prisma.auditRow.count()).toBe(1);
  nowMs += 11 * MINUTE_MS;
  await write(1);
  await sealing.run(never);
  expect(states.at(-1)).toMatchObject({ head: { number: 5 }, verified: { to: 5 }, fault: null });
});

it('goes on with a backlog that is more than it seals at once', async () => {
  await prisma.$executeRaw`
    INSERT INTO audit_row (at, outcome, actor_kind, actor_id, actor, address, surface, operation, resource, target,
      request_id, reason)
    SELECT now() - interval '1 hour', 'done', 'process', 'a', 'a', '', 'edge', 'o', 'host', '', '', ''
    FROM generate_series(1, 2500)`;
  const sealing = job();
  for (let i = 0; i < 3; i++) {
    await sealing.run(never);
    nowMs += 1_000;
  }
  expect(await chain.head()).toMatchObject({ number: 2_500 });
});
