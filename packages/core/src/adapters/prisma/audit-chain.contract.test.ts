/** Sealing under concurrent writers, and every way of changing the log by hand. */
import { createHmac } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { processPrincipal } from '../../access/index.ts';
import type { Hmac } from '../../audit/index.ts';
import { keyId, ROTATION_OPERATION, rotationOf, verifyChain } from '../../audit/index.ts';
import { PrismaAuditChain } from './audit-chain.ts';
import { PrismaAuditLog } from './audit-log.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';

const keyed =
  (key: string): Hmac =>
  (bytes) =>
    createHmac('sha256', key).update(bytes).digest('hex');
const hmac = keyed('key');

let url: string;
let prisma: PrismaClient;
let audit: PrismaAuditLog;
let chain: PrismaAuditChain;

beforeAll(async () => {
  url = await migratedDatabase(inject('postgresUrl'), 'chain');
  prisma = openPrisma(url);
  [audit, chain] = [new PrismaAuditLog(prisma, url), new PrismaAuditChain(prisma, url)];
});
afterAll(() => prisma.$disconnect());
beforeEach(() => byHand('TRUNCATE audit_row, audit_seal, audit_anchor RESTART IDENTITY'));

/** As the owner of the database can. */
async function byHand(...statements: string[]): Promise<void> {
  const all = ['SET session_replication_role = replica', ...statements, 'RESET session_replication_role'];
  const client = new Client(url);
  await client.connect();
  try {
    for (const statement of all) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function write(targets: readonly string[]): Promise<void> {
  for (const target of targets)
    await audit.done({
      principal: processPrincipal('ann'),
      origin: { surface: 'edge', address: '', requestId: '' },
      ...{
        operation: 'hosts.drain',
        resource: 'host',
        target,
        reason: '',
        input: { b: 1, a: [target, 0.1] },
      },
    });
}

const seal = (aboveId = '0', ...keys: Hmac[]) =>
  chain.seal(keys.length === 0 ? [hmac] : keys, { aboveId, limit: 1_000, known: undefined });
const verify = (key: Hmac | readonly Hmac[] = hmac, options: Parameters<typeof verifyChain>[2] = {}) =>
  verifyChain(chain, typeof key === 'function' ? [key] : key, { nowMs: Date.now(), ...options });

describe('sealing', () => {
  it('goes on where it ended, and verifies', async () => {
    await write(['1', '2']);
    expect(await seal()).toMatchObject({ kind: 'sealed', rows: 2, head: { number: 2 } });
    await write(['3']);
    expect(await seal()).toMatchObject({ kind: 'sealed', rows: 1, head: { number: 3 } });
    expect(await seal()).toMatchObject({ kind: 'sealed', rows: 0, head: { number: 3 } });
    expect(await verify()).toMatchObject({ head: { number: 3 }, verified: 3, faults: [] });
    expect((await audit.list({ limit: 1 }))[0]).toMatchObject({ target: '3', seal: 3 });
  });

  it('passes over no row whose transaction was open meanwhile', async () => {
    const open = new Client(url);
    await open.connect();
    await open.query('BEGIN');
    await open.query(`INSERT INTO audit_row (outcome, actor_kind, actor_id, actor, address, surface, operation,
      resource, target, request_id, reason) VALUES ('done', 'process', 'a', 'a', '', 'edge', 'o', 'host', 'late', '', '')`);
    await write(['2', '3']);
    expect(await seal()).toMatchObject({ rows: 2 });
    await open.query('COMMIT');
    await open.end();
    expect(await seal()).toMatchObject({ rows: 1, head: { number: 3 } });
    const order = (await chain.sealed(0, 10)).map(({ row }) => row?.id);
    expect(order).toEqual(['2', '3', '1']);
    expect(await verify()).toMatchObject({ verified: 3, faults: [] });
  });

  it('under many writers and several workers gives every row one seal', async () => {
    let writing = true;
    const writers = Promise.all(
      [0, 1, 2, 3].map((i) => write(new Array(25).fill(0).map((_, j) => `${i}-${j}`))),
    ).finally(() => {
      writing = false;
    });
    const workers = [0, 1].map(async () => {
      while (writing) await seal();
    });
    await Promise.all([writers, ...workers]);
    await seal();
    expect(await verify()).toMatchObject({ head: { number: 100 }, verified: 100, faults: [] });
  });

  it('is refused under another key', async () => {
    await write(['1', '2']);
    await seal();
    await write(['3']);
    expect(await seal('0', keyed('other'))).toMatchObject({ kind: 'wrong key', head: { number: 2 } });
    expect((await chain.unsealed()).rows).toBe(1);
  });

  it('goes on after a row was changed, as the rest still has to be sealed', async () => {
    await write(['1', '2']);
    await seal();
    await byHand(`UPDATE audit_row SET target = 'x' WHERE id = 2`);
    await write(['3']);
    expect(await seal()).toMatchObject({ kind: 'sealed', rows: 1 });
  });
});

describe('what was done by hand is found', () => {
  const found = async (...faults: object[]) => expect(await verify()).toMatchObject({ faults });
  beforeEach(async () => {
    await write(['1', '2', '3', '4', '5']);
    await seal();
  });

  it.each([
    `target = 'x'`,
    `input = '{"a":["3",0.2],"b":1}'`,
    `at = at + interval '1 millisecond'`,
    'session_id = $$s$$',
    `outcome = 'denied'`,
    'reason = reason || $$ $$',
  ])('a row that was changed: %s', async (change) => {
    await byHand(`UPDATE audit_row SET ${change} WHERE id = 3`);
    await found({ kind: 'changed', number: 3, rowId: '3' });
  });

  it('a row that is missing, with its seal or without', async () => {
    await byHand('DELETE FROM audit_row WHERE id = 3');
    await found({ kind: 'missing', number: 3, rowId: '3' });
    await byHand('DELETE FROM audit_seal WHERE row_id = 3');
    await found({ kind: 'missing', number: 4, detail: expect.stringContaining('Seal 3 is missing') });
  });

  it('rows that changed places', async () => {
    await byHand(
      ...[
        [3, -1],
        [4, 3],
        [-1, 4],
      ].map(([from, to]) => `UPDATE audit_row SET id = ${to} WHERE id = ${from}`),
    );
    await found({ kind: 'changed', number: 3 });
  });

  it('seals that changed places', async () => {
    await byHand(
      'UPDATE audit_seal SET row_id = -row_id WHERE number IN (3, 4)',
      'UPDATE audit_seal SET row_id = 7 + row_id WHERE number IN (3, 4)',
    );
    await found({ kind: 'reordered', number: 3 });
  });

  it('a row that was put in, with a seal that was made up', async () => {
    await byHand(
      `INSERT INTO audit_row SELECT (r).* FROM (SELECT jsonb_populate_record(r, '{"id": 6}') AS r FROM audit_row r
       WHERE id = 5) AS made`,
      `INSERT INTO audit_seal SELECT 6, 6, hash FROM audit_seal WHERE number = 5`,
    );
    await found({ kind: 'changed', number: 6, rowId: '6' });
  });

  it('an end that was cut off, against a head that was published', async () => {
    const head = await chain.head();
    await byHand('DELETE FROM audit_seal WHERE number > 3', 'DELETE FROM audit_row WHERE id > 3');
    expect(await verify()).toMatchObject({ faults: [] });
    expect(await verify(hmac, { published: head })).toMatchObject({
      faults: [{ kind: 'cut off', number: 5 }],
    });
    await write(['6', '7', '8']);
    await seal();
    expect(await verify(hmac, { published: head })).toMatchObject({
      faults: [{ kind: 'cut off', number: 5 }],
    });
  });

  it('a head that was published long ago still stands in the chain', async () => {
    const head = await chain.head();
    await write(['6']);
    await seal();
    expect(await verify(hmac, { published: head })).toMatchObject({ faults: [] });
  });

  it('seals that were taken away', async () => {
    await byHand('DELETE FROM audit_seal', `UPDATE audit_row SET at = at - interval '1 hour'`);
    await found({ kind: 'unsealed', rowId: '1' });
  });

  it('the wrong key is told apart', async () => {
    expect(await verify(keyed('other'))).toMatchObject({ faults: [{ kind: 'wrong key' }] });
    await byHand(`UPDATE audit_row SET target = 'x' WHERE id = 1`);
    expect(await verify()).toMatchObject({ faults: [{ kind: 'changed', number: 1 }] });
  });

  it('behind a number that was looked at before', async () => {
    await byHand(`UPDATE audit_row SET target = 'x' WHERE id = 2`);
    expect(await verify(hmac, { from: 2 })).toMatchObject({ verified: 3, faults: [] });
    await expect(verify(hmac, { from: 9 })).rejects.toThrow('There is no seal 9');
  });
});

describe('pruning', () => {
  const old = (id: number) => `UPDATE audit_row SET at = at - interval '500 days' WHERE id <= ${id}`;
  async function aged(): Promise<void> {
    await write(['1', '2', '3', '4']);
    await byHand(old(2));
    await seal();
  }
  const prune = () => chain.prune([hmac], new Date(Date.now() - 400 * 86_400_000), 1_000, 1_234_567);

  it('leaves a signed anchor, and the chain goes on behind it', async () => {
    await aged();
    expect(await prune()).toBe(2);
    expect(await prune()).toBe(0);
    expect(await chain.anchor()).toMatchObject({ number: 2, atMs: 1_234_567 });
    expect(await verify()).toMatchObject({ verified: 2, head: { number: 4 }, faults: [] });
    await write(['5']);
    await seal();
    expect(await verify()).toMatchObject({ verified: 3, faults: [] });
  });

  it('of all rows leaves the number', async () => {
    await aged();
    await byHand(old(9).replace('<= 9', '> 0'));
    await byHand('TRUNCATE audit_seal');
    await seal();
    expect(await prune()).toBe(4);
    expect(await seal()).toMatchObject({ head: { number: 4 } });
    await write(['5']);
    expect(await seal()).toMatchObject({ kind: 'sealed', head: { number: 5 } });
    expect(await verify()).toMatchObject({ verified: 1, faults: [] });
    expect(await seal('0', keyed('other'))).toMatchObject({ kind: 'wrong key' });
  });

  it('by anybody else is found', async () => {
    await aged();
    const { hash } = (await chain.sealed(1, 1))[0]!.seal;
    await byHand(
      'DELETE FROM audit_row WHERE id <= 2',
      'DELETE FROM audit_seal WHERE number <= 2',
      `INSERT INTO audit_anchor (number, hash, signature) VALUES (2, decode('${hash}', 'hex'), 'x')`,
    );
    expect(await verify()).toMatchObject({ faults: [{ kind: 'changed', number: 2 }] });
    await byHand('TRUNCATE audit_anchor');
    expect(await verify()).toMatchObject({ faults: [{ kind: 'missing', number: 3 }] });
  });
});

describe('a change of the key', () => {
  const [next, strange] = [keyed('next'), keyed('strange')];
  const both = [next, hmac];

  /** As somebody who may write the database, but has no key of ours. */
  async function forged(after: object): Promise<void> {
    await prisma.$executeRaw`
      INSERT INTO audit_row (outcome, actor_kind, actor_id, actor, address, surface, operation, resource, target,
        request_id, reason, after)
      VALUES ('done', 'process', 'a', 'a', '', 'command line', ${ROTATION_OPERATION}, 'audit log', '', '', '',
        ${JSON.stringify(after)}::jsonb)`;
  }

  async function rotated(): Promise<void> {
    await write(['1', '2']);
    await seal();
    expect(await chain.isUnder(both)).toBe(false);
    expect((await chain.rotate(both, 'ann'))?.number).toBe(3);
    await write(['3']);
    expect(await seal('0', ...both)).toMatchObject({ kind: 'sealed', rows: 1, head: { keyId: keyId(next) } });
  }

  it('is a row of the chain, which goes on under the new key and verifies with both', async () => {
    await rotated();
    expect(await chain.isUnder(both)).toBe(true);
    expect(await verify(both)).toMatchObject({ verified: 4, faults: [] });
    expect(await verify(both, { from: 3 })).toMatchObject({ verified: 1, faults: [] });
    expect((await audit.list({ limit: 5, operation: ROTATION_OPERATION }))[0]).toMatchObject({
      actor: 'ann',
    });
    await expect(chain.rotate(both, 'ann')).rejects.toThrow('under the newest');
    await chain.rotate([strange, ...both], 'ann');
    expect(await verify([strange, ...both])).toMatchObject({ verified: 5, faults: [] });
  });

  it('is needed by who verifies and by who seals', async () => {
    await rotated();
    expect((await verify(hmac)).faults).toMatchObject([{ kind: 'forged key', number: 3 }]);
    expect((await verify(next)).faults).toMatchObject([{ kind: 'changed', number: 1 }]);
    await write(['4']);
    expect(await seal('0', strange)).toMatchObject({ kind: 'wrong key' });
  });

  it('is refused before a stale worker seals on under the old key', async () => {
    await write(['1']);
    await seal();
    await chain.rotate(both, 'ann');
    await write(['2']);
    expect(await seal('0', hmac)).toMatchObject({ kind: 'wrong key' });
  });

  it('that was forged is found: to a key that is not ours, or that did not sign it', async () => {
    for (const [at, after] of [
      [1, rotationOf(hmac, strange)],
      [1, { ...rotationOf(hmac, next), signature: rotationOf(hmac, strange).signature }],
      [1, rotationOf(strange, next)],
      [1, { from: 1 }],
    ] as const) {
      await byHand('TRUNCATE audit_row, audit_seal, audit_anchor RESTART IDENTITY');
      await forged(after);
      await seal('0', ...both.toReversed());
      expect((await verify([hmac, next])).faults).toMatchObject([{ kind: 'forged key', number: at }]);
      await write(['2']);
      expect(await seal('0', hmac, next)).toMatchObject({ kind: 'wrong key' });
    }
  });

  it('that was sent again later is found', async () => {
    await rotated();
    await forged(rotationOf(hmac, next));
    await seal('0', ...both);
    expect((await verify(both)).faults).toMatchObject([{ kind: 'forged key', number: 5 }]);
  });

  it('cannot be undone by who has the old key: the chain has to end under the newest', async () => {
    await rotated();
    await byHand('DELETE FROM audit_seal WHERE number >= 3', 'DELETE FROM audit_row WHERE id >= 3');
    await write(['other']);
    await seal('0', hmac);
    expect((await verify(both)).faults).toMatchObject([{ kind: 'wrong key' }]);
  });
});
