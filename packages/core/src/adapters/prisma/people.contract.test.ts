import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { EVERYWHERE, type NewPerson, type Person } from '../../access/index.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { PrismaLinkStore } from './link-store.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaPersonStore } from './person-store.ts';
import { PrismaSessionStore } from './session-store.ts';
import { PrismaTokenStore } from './token-store.ts';

const HOUR_MS = 3_600_000;
const ADMINISTRATOR = [{ role: 'administrator', scope: EVERYWHERE }] as const;
const NOBODY = '00000000-0000-7000-8000-000000000000';

let prisma: PrismaClient;
let people: PrismaPersonStore;
let sessions: PrismaSessionStore;
let links: PrismaLinkStore;
let tokens: PrismaTokenStore;

beforeAll(async () => {
  const url = await migratedDatabase(inject('postgresUrl'), 'people');
  prisma = openPrisma(url);
  people = new PrismaPersonStore(prisma, url);
  sessions = new PrismaSessionStore(prisma, url);
  links = new PrismaLinkStore(prisma, url);
  tokens = new PrismaTokenStore(prisma, url);
});
afterAll(() => prisma.$disconnect());
beforeEach(async () => {
  await prisma.person.deleteMany();
  await prisma.oneTimeLink.deleteMany();
});

async function person(email: string, more: Partial<NewPerson> = {}): Promise<Person> {
  const made = await people.create({ email, name: email, roles: [], passwordHash: 'hash', ...more });
  return made!;
}

const newHash = () => randomUUID().replaceAll('-', '').repeat(2);

it('an e-mail belongs to one person, however it is written', async () => {
  const ada = await person('Ada@Example.org', { roles: ADMINISTRATOR });
  expect(ada).toMatchObject({ email: 'ada@example.org', state: 'active', signIn: 'password' });
  expect(ada.roles).toEqual(ADMINISTRATOR);
  expect(await people.create({ email: 'ada@EXAMPLE.org', name: 'other', roles: [] })).toBeUndefined();
  expect(await people.byEmail('ADA@example.org')).toMatchObject({ id: ada.id, passwordHash: 'hash' });
  expect(await people.byId(ada.id)).toEqual(ada);
  expect(JSON.stringify(await people.list())).not.toContain('hash');
});

it('a person of an identity provider is found by issuer and subject', async () => {
  const oidc = { issuer: 'https://id.example.org', subject: '42' };
  const bob = await people.create({ email: 'bob@example.org', name: 'Bob', roles: [], oidc });
  expect(await people.byOidc(oidc.issuer, '42')).toEqual(bob);
  expect(bob!.signIn).toBe('oidc');
  expect(await people.byOidc('https://other', '42')).toBeUndefined();
});

it('the last administrator with a password stays, also when two are taken away at once', async () => {
  const ada = await person('ada@example.org', { roles: ADMINISTRATOR });
  const bob = await person('bob@example.org', { roles: ADMINISTRATOR });
  const oidc = { issuer: 'i', subject: 's' };
  await people.create({ email: 'c@example.org', name: 'C', roles: ADMINISTRATOR, oidc });
  const answers = await Promise.all([
    people.change(ada.id, { roles: [{ role: 'viewer', scope: EVERYWHERE }] }),
    people.remove(bob.id),
  ]);
  expect(answers.filter((one) => one === 'last-administrator')).toHaveLength(1);
  const left = (await people.list()).find(({ roles, signIn }) => {
    return signIn === 'password' && roles.some(({ role }) => role === 'administrator');
  })!;
  expect(await people.remove(left.id)).toBe('last-administrator');
  expect(await people.change(left.id, { state: 'disabled' })).toBe('last-administrator');
  expect(await people.change(left.id, { name: 'Ada' })).toMatchObject({ name: 'Ada' });
  expect(await people.change(NOBODY, { name: 'x' })).toBeUndefined();
  expect(await people.remove(NOBODY)).toBeUndefined();
});

it('wrong passwords are all counted, lock the account, and a right one forgets them', async () => {
  const { id } = await person('ada@example.org');
  expect(await people.failed(id, 3, HOUR_MS)).toBeUndefined();
  const [one, other] = await Promise.all([people.failed(id, 3, HOUR_MS), people.failed(id, 3, HOUR_MS)]);
  expect([one, other].filter((until) => until !== undefined)).toHaveLength(1);
  expect((await people.byId(id))!.lockedUntil!.getTime()).toBeGreaterThan(Date.now() + HOUR_MS / 2);
  await people.signedIn(id);
  const known = (await people.byEmail('ada@example.org'))!;
  expect(known).toMatchObject({ failures: 0, lockedUntil: undefined });
  expect(known.lastSignInAt).toBeInstanceOf(Date);
});

it('a new password ends a lock', async () => {
  const { id } = await person('ada@example.org');
  await people.failed(id, 1, HOUR_MS);
  await people.change(id, { passwordHash: 'other' });
  expect(await people.byEmail('ada@example.org')).toMatchObject({
    passwordHash: 'other',
    lockedUntil: undefined,
  });
});

it('a session is found by its hash until it ends, expires, idles, or its person is disabled', async () => {
  const { id: personId } = await person('ada@example.org');
  const start = (expiresAt: Date) => {
    const hash = newHash();
    return sessions
      .create({ hash, personId, expiresAt, address: '127.0.0.1', userAgent: 'x'.repeat(1_000) })
      .then((session) => ({ hash, session }));
  };
  const later = new Date(Date.now() + HOUR_MS);
  const [kept, ended, idle, expired] = await Promise.all([
    start(later),
    start(later),
    start(later),
    start(new Date(Date.now() - 1)),
  ]);
  expect(await sessions.byHash(kept.hash, HOUR_MS)).toEqual(kept.session);
  expect(kept.session.userAgent).toHaveLength(300);
  expect(await sessions.byHash(expired.hash, HOUR_MS)).toBeUndefined();
  expect(await sessions.end(ended.session.id)).toBe(true);
  expect(await sessions.end(ended.session.id)).toBe(false);
  expect(await sessions.byHash(ended.hash, HOUR_MS)).toBeUndefined();
  const old = new Date(Date.now() - 2 * HOUR_MS);
  await prisma.session.update({ where: { id: idle.session.id }, data: { lastSeenAt: old } });
  expect(await sessions.byHash(idle.hash, HOUR_MS)).toBeUndefined();
  expect((await sessions.list(HOUR_MS, personId)).map(({ id }) => id)).toEqual([kept.session.id]);
  await sessions.seen(idle.session.id);
  expect(await sessions.byHash(idle.hash, HOUR_MS)).toBeDefined();
  expect(await sessions.endAll({ personId, exceptId: kept.session.id })).toBe(2);
  await people.change(personId, { state: 'disabled' });
  expect(await sessions.byHash(kept.hash, HOUR_MS)).toBeUndefined();
});

it('who is removed leaves no session, no open link and no living token', async () => {
  const { id: personId } = await person('ada@example.org');
  const hash = newHash();
  const expiresAt = new Date(Date.now() + HOUR_MS);
  await sessions.create({ hash, personId, expiresAt, address: '', userAgent: '' });
  const reset = { hash: newHash(), kind: 'reset', email: 'ada@example.org' } as const;
  await links.create({ ...reset, createdBy: 'a test', expiresAt });
  const { token } = await tokens.create({ name: 'ada' });
  await prisma.apiToken.update({ where: { id: token.id }, data: { ownerId: personId } });
  expect(await people.remove(personId)).toBe('removed');
  expect(await sessions.byHash(hash, HOUR_MS)).toBeUndefined();
  expect(await links.byHash(reset.hash)).toBeUndefined();
  expect((await tokens.activeHashes()).map(({ id }) => id)).not.toContain(token.id);
});

it('a link is used once, by one of those who try at the same time', async () => {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const invitation = { kind: 'invitation', email: 'Bob@example.org', roles: ADMINISTRATOR } as const;
  const { id } = await links.create({ ...invitation, hash: 'aa', createdBy: 'ada', expiresAt });
  expect(await links.open()).toMatchObject([{ id, email: 'bob@example.org', roles: ADMINISTRATOR }]);
  const used = await Promise.all([1, 2, 3].map(() => links.use(id)));
  expect(used.filter(Boolean)).toHaveLength(1);
  expect(await links.byHash('aa')).toBeUndefined();
  expect(await links.open()).toEqual([]);
});

it('a newer link takes the place of an older one of its kind and person; an expired one opens nothing', async () => {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const base = { createdBy: 'a test', expiresAt };
  await links.create({ ...base, kind: 'first-administrator', hash: '01' });
  await links.create({ ...base, kind: 'first-administrator', hash: '02' });
  await links.create({ ...base, kind: 'invitation', email: 'a@b', hash: '03' });
  await links.create({ ...base, kind: 'invitation', email: 'c@d', hash: '04' });
  expect(await links.byHash('01')).toBeUndefined();
  expect(await links.byHash('02')).toBeDefined();
  expect(await links.byHash('03')).toBeDefined();
  const { id } = (await links.byHash('04'))!;
  expect(await links.revoke(id)).toBe(true);
  expect(await links.byHash('04')).toBeUndefined();
  await links.create({
    ...base,
    kind: 'reset',
    email: 'a@b',
    hash: '05',
    expiresAt: new Date(Date.now() - 1),
  });
  expect(await links.byHash('05')).toBeUndefined();
});
