import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { allows } from '../../access/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { hashToken, PrismaTokenStore } from './token-store.ts';

const MINUTE_MS = 60_000;

let prisma: PrismaClient;
let tokens: PrismaTokenStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'tokens');
  prisma = openPrisma(url);
  tokens = new PrismaTokenStore(prisma, url);
});
afterAll(() => prisma.$disconnect());

it('tells a token once and keeps only its hash', async () => {
  const { token, plaintext } = await tokens.create({ name: 'a producer', scopes: ['ingest'] });
  expect(plaintext).toMatch(/^fsh_[A-Za-z0-9_-]{43}$/);
  expect(plaintext.startsWith(token.prefix)).toBe(true);
  expect(token).toMatchObject({ name: 'a producer', scopes: ['ingest'], revokedAt: undefined });
  expect(await tokens.activeHashes()).toContainEqual({
    id: token.id,
    name: 'a producer',
    hash: hashToken(plaintext),
    scopes: ['ingest'],
    scope: {},
    cidrs: [],
    expiresAtMs: undefined,
    signInByMs: undefined,
    owner: undefined,
    ownerGrants: undefined,
  });
  const rows = await prisma.$queryRaw<{ row: string }[]>`SELECT api_token::text AS row FROM api_token`;
  expect(rows.map((r) => r.row).join()).not.toContain(plaintext.slice(token.prefix.length));
  expect((await tokens.create({ name: 'another' })).plaintext).not.toBe(plaintext);
});

it('keeps what a token is limited to, and whose it is', async () => {
  const { id: ownerId } = await prisma.person.create({
    data: { email: 'ada@example.org', name: 'Ada', roles: [] },
  });
  const scope = { streams: [{ name: 'orders', keyPrefix: 'eu-' }], groups: [] };
  const cidrs = ['10.0.0.0/8', 'fd00::/8'];
  const { token } = await tokens.create({ name: 'limited', scopes: ['events:read'], scope, cidrs, ownerId });
  expect(token).toMatchObject({ scope, cidrs, owner: { id: ownerId, email: 'ada@example.org' } });
  expect((await tokens.activeHashes()).find((one) => one.id === token.id)).toMatchObject({
    ...{ scope, cidrs, owner: 'ada@example.org' },
  });
  const ownerMay = async () => {
    const found = (await tokens.activeHashes()).find((one) => one.id === token.id);
    return allows(found!.ownerGrants!, 'events:read', { stream: 'orders' });
  };
  const roles = (...given: object[]) =>
    prisma.person.update({ where: { id: ownerId }, data: { roles: given as object[] } });
  expect(await ownerMay()).toBe(false);
  await roles({ role: 'reader', scope: {} });
  expect(await ownerMay()).toBe(true);
  // a role or a limit of a later release gives nothing
  await roles({ role: 'owner', scope: {} }, { role: 'reader', scope: { tenants: ['a'] } });
  expect(await ownerMay()).toBe(false);
  expect((await tokens.list())[0]).toEqual(token);
  // a limit of a later release opens nothing
  await prisma.apiToken.update({ where: { id: token.id }, data: { scope: { tenants: ['a'] } } });
  const [after] = (await tokens.activeHashes()).filter((one) => one.id === token.id);
  expect(after!.scope).toEqual({ streams: [], groups: [], clusters: [] });
  // it stops with an owner who is disabled, and goes on where there is none
  const isActive = async () => (await tokens.activeHashes()).some((one) => one.id === token.id);
  await prisma.person.update({ where: { id: ownerId }, data: { disabledAt: new Date() } });
  expect(await isActive()).toBe(false);
  await prisma.person.update({ where: { id: ownerId }, data: { disabledAt: null } });
  expect(await isActive()).toBe(true);
  await prisma.person.delete({ where: { id: ownerId } });
  expect((await tokens.list())[0]).toMatchObject({ id: token.id, owner: undefined });
});

it('replaces a token by one that is like it, and lets the old one go on for a while', async () => {
  const scope = { groups: ['billing'] };
  const made = await tokens.create({ name: 'shop', scopes: ['consume'], scope, cidrs: ['10.0.0.0/8'] });
  const [oldExpiresAt, expiresAt] = [MINUTE_MS, 2 * MINUTE_MS].map((ms) => new Date(Date.now() + ms));
  const rotated = (await tokens.rotate(made.token.id, { oldExpiresAt: oldExpiresAt!, expiresAt }))!;
  const { id, prefix, createdAt } = rotated.token;
  expect(rotated.token).toEqual({ ...made.token, id, prefix, createdAt, expiresAt });
  expect(rotated.replaced).toEqual({ ...made.token, expiresAt: oldExpiresAt });
  const hashes = (await tokens.activeHashes()).map(({ hash }) => hash);
  expect(hashes).toEqual(expect.arrayContaining([made, rotated].map((one) => hashToken(one.plaintext))));
  // never longer than it would have lived
  const later = new Date(Date.now() + 9 * MINUTE_MS);
  const again = (await tokens.rotate(made.token.id, { oldExpiresAt: later, expiresAt: undefined }))!;
  expect([again.replaced.expiresAt, again.token.expiresAt]).toEqual([oldExpiresAt, undefined]);
  await tokens.revoke(made.token.id);
  for (const id of [made.token.id, '00000000-0000-7000-8000-000000000000', 'not a uuid'])
    expect(await tokens.rotate(id, { oldExpiresAt: later, expiresAt: undefined })).toBe(undefined);
});

it('lists the newest first, with what became of them', async () => {
  const { token: older } = await tokens.create({ name: 'older' });
  const { token: newer } = await tokens.create({ name: 'newer' });
  const at = new Date();
  await tokens.markUsed([older.id], at);
  // a late note of an earlier use does not turn time back
  await tokens.markUsed([older.id], new Date(at.getTime() - MINUTE_MS));
  const [first, second] = await tokens.list();
  expect(first).toEqual(newer);
  expect(second).toEqual({ ...older, lastUsedAt: at });
  expect(JSON.stringify(first)).not.toContain('hash');
});

it('revokes a token once: it is listed, but no edge takes it any more', async () => {
  const { token } = await tokens.create({ name: 'doomed' });
  expect(await tokens.revoke(token.id)).toBe(true);
  expect(await tokens.revoke(token.id)).toBe(false);
  expect(await tokens.revoke('00000000-0000-7000-8000-000000000000')).toBe(false);
  expect(await tokens.revoke('not a uuid')).toBe(false);
  expect((await tokens.activeHashes()).map((t) => t.id)).not.toContain(token.id);
  expect((await tokens.list()).find((t) => t.id === token.id)!.revokedAt).toBeInstanceOf(Date);
});

it('leaves out expired tokens and tells when the others expire', async () => {
  const expired = new Date(Date.now() - 1);
  const later = new Date(Date.now() + MINUTE_MS);
  const { token: gone } = await tokens.create({ name: 'gone', expiresAt: expired });
  const { token: valid } = await tokens.create({ name: 'valid', expiresAt: later });
  const active = await tokens.activeHashes();
  expect(active.find((t) => t.id === valid.id)).toMatchObject({ expiresAtMs: later.getTime() });
  expect(active.map((t) => t.id)).not.toContain(gone.id);
});
