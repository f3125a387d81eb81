/**
 * A database of the release before people had accounts: its migrations, and rows as it wrote them. They stand here
 * because a checkout may have no history and no network. What came later is applied on top.
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@foreshard/local';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { allows, grantsOfToken, mentions } from '../../access/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { applyMigrations } from './migrator.ts';
import { hashToken, PrismaTokenStore } from './token-store.ts';
import { PrismaTopologyStore } from './topology-store.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;
/** The first migration of the door, d4c6a72 is the commit before it. */
const FIRST_AFTER = '20261123160000_access';
const OLD = { ingest: 'fsh_of-the-producers', read: 'fsh_of-a-reader', admin: 'fsh_of-the-operators' };

let prisma: PrismaClient;
let tokens: PrismaTokenStore;
let topology: PrismaTopologyStore;
const before = join(tmpdir(), `foreshard-migrations-${process.pid}`);

beforeAll(async () => {
  const url = await createDatabase(inject('postgresUrl'), `upgrade_${process.pid}`);
  await mkdir(before);
  for (const name of await readdir(MIGRATIONS))
    if (name < FIRST_AFTER) await cp(join(MIGRATIONS, name), join(before, name), { recursive: true });
  await applyMigrations(url, before);
  await recordedRows(url);
  await applyMigrations(url, MIGRATIONS);
  prisma = openPrisma(url);
  [tokens, topology] = [new PrismaTokenStore(prisma, url), new PrismaTopologyStore(prisma, url)];
});
afterAll(async () => {
  await prisma?.$disconnect();
  await rm(before, { recursive: true, force: true });
});

/** Tokens of each of its scopes, one that was revoked, and a change of the topology. */
async function recordedRows(url: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  const token = (name: string, text: string, scopes: readonly string[], revokedAt: Date | null) =>
    client.query(
      `INSERT INTO api_token (id, name, prefix, hash, scopes, revoked_at)
       VALUES (gen_random_uuid(), $1, $2, decode($3, 'hex'), $4, $5)`,
      [name, text.slice(0, 10), hashToken(text), scopes, revokedAt],
    );
  for (const [scope, text] of Object.entries(OLD)) await token(scope, text, [scope], null);
  await token('local start', 'fsh_local', ['ingest', 'read', 'consume', 'admin'], null);
  await token('gone', 'fsh_gone', ['admin'], new Date());
  await client.query(
    `INSERT INTO change (version, at, decision, actor, payload) VALUES (1, 0, 'createStream', 'console', '{}')`,
  );
  await client.end();
}

describe('a token of the release before', () => {
  const active = async (text: string) =>
    (await tokens.activeHashes()).find(({ hash }) => hash === hashToken(text));

  it.each([
    ['ingest', ['events:write', 'telemetry:write'], 'events:read'],
    ['read', ['events:read', 'events:export', 'topology:read'], 'events:write'],
    ['admin', ['cluster:read', 'tokens:manage', 'hosts:manage'], 'events:write'],
  ] as const)('with the scope %s opens what it opened, and nothing else', async (scope, opened, closed) => {
    const grants = grantsOfToken((await active(OLD[scope]))!);
    for (const permission of opened) expect(mentions(grants, permission), permission).toBe(true);
    expect(mentions(grants, closed)).toBe(false);
  });

  it('has no expiry, no owner and no limits; one that was revoked stays so', async () => {
    expect(await active(OLD.ingest)).toMatchObject({
      ...{ expiresAtMs: undefined, owner: undefined, ownerGrants: undefined, scope: {}, cidrs: [] },
    });
    expect(await active('fsh_gone')).toBeUndefined();
    const all = grantsOfToken((await active('fsh_local'))!);
    expect(allows(all, 'events:write', { stream: 'main' })).toBe(true);
    expect(mentions(all, 'users:manage')).toBe(true);
  });
});

it('a change of the release before is read, without a row of the audit log', async () => {
  const [change] = await topology.changesAfter(0, 10);
  expect(change).toMatchObject({ version: 1, decision: 'createStream', actor: 'console' });
  expect(change?.auditRow).toBeUndefined();
});
