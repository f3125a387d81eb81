import { expect, it } from 'vitest';
import { accountHandlers } from './account.ts';
import { callerNamed } from './caller.fixture.ts';
import { NOW_MS, peopleStores, role } from './people.fixture.ts';
import { sessionHandlers } from './sessions.ts';

const MINUTE_MS = 60_000;
const PASSWORD = 'correct horse battery';

async function made() {
  const stores = await peopleStores({ ada: [role('administrator')], bob: [role('viewer')] });
  return { stores, sessions: sessionHandlers(stores), account: accountHandlers(stores) };
}

it('sessions are listed with their person, and the one that asks is marked', async () => {
  const { stores, sessions } = await made();
  const own = await stores.signIn('ada');
  await stores.signIn('bob');
  const caller = await stores.as('ada', own);
  const { sessions: all } = await sessions.list({}, caller);
  expect(all.map(({ email, current }) => [email, current])).toEqual([
    ['ada@example.org', true],
    ['bob@example.org', false],
  ]);
  expect((await sessions.list({ user: 'bob@example.org' }, caller)).sessions).toHaveLength(1);
});

it('a session ends once', async () => {
  const { stores, sessions } = await made();
  const session = await stores.signIn('bob');
  const caller = await stores.as('ada');
  expect(await sessions.end({ session }, caller)).toEqual({ session, result: 'ended' });
  await expect(sessions.end({ session }, caller)).rejects.toMatchObject({ code: 'not_found' });
});

it('all sessions end but the one that asks, of one person or of everybody', async () => {
  const { stores, sessions } = await made();
  const own = await stores.signIn('ada');
  for (const name of ['ada', 'bob', 'bob']) await stores.signIn(name);
  const caller = await stores.as('ada', own);
  expect(await sessions.endAll({ user: 'bob@example.org' }, caller)).toEqual({ ended: 2 });
  expect(await sessions.endAll({ user: null }, caller)).toEqual({ ended: 1 });
  expect((await stores.sessions.list(0)).map(({ id }) => id)).toEqual([own]);
});

it('everybody sees who they are and what they may do, tokens as well', async () => {
  const { stores, account } = await made();
  expect(await account.show({}, await stores.as('bob'))).toMatchObject({
    ...{ kind: 'person', name: 'bob@example.org' },
    person: { name: 'bob', roles: [role('viewer')], signIn: 'password' },
  });
  expect(await account.show({}, callerNamed('a test'))).toMatchObject({
    ...{ kind: 'process', name: 'a test', person: null },
  });
});

it('sessions of others are neither seen nor ended as own ones', async () => {
  const { stores, account } = await made();
  const foreign = await stores.signIn('ada');
  const session = await stores.signIn('bob');
  const bob = await stores.as('bob', session);
  expect((await account.sessions({}, bob)).sessions.map(({ id }) => id)).toEqual([session]);
  await expect(account.endSession({ session: foreign }, bob)).rejects.toMatchObject({ code: 'not_found' });
  expect(await account.endSession({ session }, bob)).toEqual({ session, result: 'ended' });
});

it('a new password needs the old one, and ends the other sessions', async () => {
  const { stores, account } = await made();
  const session = await stores.signIn('bob');
  await stores.signIn('bob');
  await stores.signIn('ada');
  const bob = await stores.as('bob', session);
  const order = { current: 'password of bob', password: PASSWORD };
  await expect(account.changePassword({ ...order, current: 'wrong' }, bob)).rejects.toMatchObject({
    ...{ code: 'forbidden', pointer: '/current' },
  });
  await expect(account.changePassword({ ...order, password: 'short' }, bob)).rejects.toMatchObject({
    ...{ code: 'invalid_order', pointer: '/password' },
  });
  expect(await account.changePassword(order, bob)).toEqual({ sessionsEnded: 1 });
  expect(await stores.people.byEmail('bob@example.org')).toMatchObject({
    passwordHash: `hash of ${PASSWORD}`,
  });
  expect((await stores.sessions.list(0)).map(({ person }) => person.name)).toEqual(['bob', 'ada']);
});

it('after ten wrong passwords none is taken for a quarter of an hour', async () => {
  const { stores, account } = await made();
  const bob = await stores.as('bob');
  const right = { current: 'password of bob', password: PASSWORD };
  for (let i = 0; i < 10; i++)
    await expect(account.changePassword({ ...right, current: 'wrong' }, bob)).rejects.toThrow(
      i < 9 ? 'The current password is wrong.' : 'Too many wrong passwords.',
    );
  stores.clock.ms = NOW_MS + 15 * MINUTE_MS - 1;
  await expect(account.changePassword(right, bob)).rejects.toThrow('Too many wrong passwords.');
  stores.clock.ms += 1;
  expect(await account.changePassword(right, bob)).toEqual({ sessionsEnded: 0 });
});

it('who signs in elsewhere, and who is no person, has no password here', async () => {
  const { stores, account } = await made();
  const order = { current: 'a', password: PASSWORD };
  const oidc = { issuer: 'https://id.example.org', subject: '1' };
  await stores.people.create({ email: 'oda@example.org', name: 'oda', roles: [], oidc });
  await expect(account.changePassword(order, await stores.as('oda'))).rejects.toMatchObject({
    ...{ code: 'in_the_way' },
  });
  const program = callerNamed('a program');
  for (const ask of [
    () => account.changePassword(order, program),
    () => account.sessions({}, program),
    () => account.endSession({ session: 'a' }, program),
  ])
    await expect(ask()).rejects.toMatchObject({ code: 'forbidden' });
});
