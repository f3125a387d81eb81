import { expect, it } from 'vitest';
import { EVERYWHERE } from '../../access/index.ts';
import { callerOf } from '../caller.ts';
import { NOW_MS, peopleStores, role } from './people.fixture.ts';
import { userHandlers } from './users.ts';

const ADA = 'ada@example.org';
const BOB = 'bob@example.org';
const NEW = 'new@example.org';
const HOUR_MS = 3_600_000;

async function made(more: Parameters<typeof peopleStores>[0] = {}) {
  const stores = await peopleStores({ ada: [role('administrator')], bob: [role('viewer')], ...more });
  return { stores, handlers: userHandlers(stores), ada: await stores.as('ada') };
}

it('people are listed and found by id or e-mail, without their secrets', async () => {
  const { handlers, ada } = await made();
  const { users } = await handlers.list({}, ada);
  expect(users.map(({ email }) => email)).toEqual([ADA, BOB]);
  const shown = await handlers.show({ user: 'Bob@Example.org' }, ada);
  expect(shown).toEqual(users[1]);
  expect(JSON.stringify(shown)).not.toContain('hash');
  for (const user of ['nobody@example.org', 'nobody', '00000000-0000-4000-8000-000000000000'])
    await expect(handlers.show({ user }, ada)).rejects.toMatchObject({ code: 'not_found' });
});

it('a lock that is over is not shown', async () => {
  const { handlers, stores, ada } = await made();
  const { id } = (await stores.people.byEmail(BOB))!;
  await stores.people.failed(id, 1, HOUR_MS);
  expect((await handlers.show({ user: BOB }, ada)).lockedUntil).toBe(
    new Date(NOW_MS + HOUR_MS).toISOString(),
  );
  stores.clock.ms += HOUR_MS;
  expect((await handlers.show({ user: BOB }, ada)).lockedUntil).toBeNull();
});

it('an invitation answers its link once, and keeps the hash of its secret alone', async () => {
  const { handlers, stores, ada } = await made();
  const roles = [role('operator'), role('reader', { streams: [{ name: 'orders' }] })];
  const link = await handlers.invite({ email: NEW, roles }, ada);
  expect(link).toEqual({
    ...{ id: 'link-1', email: NEW, path: '/welcome#secret-1', url: 'http://console.test/welcome#secret-1' },
    expiresAt: new Date(NOW_MS + 7 * 24 * HOUR_MS).toISOString(),
  });
  const { invitations } = await handlers.invitations({}, ada);
  expect(invitations).toMatchObject([{ id: 'link-1', email: NEW, roles, createdBy: ADA }]);
  expect(JSON.stringify(invitations)).not.toContain('secret-1');
  expect([...stores.links.rows.values()]).toMatchObject([{ hash: 'hash-1', kind: 'invitation' }]);
});

it('without the address of the console a link has only its path', async () => {
  const { stores, ada } = await made();
  const handlers = userHandlers({ ...stores, consoleUrl: undefined });
  expect(await handlers.link({ user: BOB }, ada)).toMatchObject({ path: '/welcome#secret-1', url: null });
});

it('whoever is here already is not invited', async () => {
  const { handlers, ada } = await made();
  const again = handlers.invite({ email: BOB, roles: [role('viewer')] }, ada);
  await expect(again).rejects.toMatchObject({ code: 'conflict' });
});

it('nobody gives roles that permit more than the giver may do', async () => {
  const { handlers, stores } = await made();
  const token = (permissions: ('users:manage' | 'cluster:read' | 'topology:read')[]) =>
    callerOf(
      { kind: 'token', id: '1', name: 'hr', grants: [{ permissions, scope: EVERYWHERE }] },
      { surface: 'edge', address: '', requestId: '' },
    );
  const hr = token(['users:manage', 'cluster:read', 'topology:read']);
  await handlers.invite({ email: NEW, roles: [role('viewer')] }, hr);
  for (const order of [
    () => handlers.invite({ email: NEW, roles: [role('viewer'), role('operator')] }, hr),
    () => handlers.invite({ email: NEW, roles: [role('viewer')] }, token(['users:manage'])),
    () => handlers.change({ user: BOB, roles: [role('approver')] }, hr),
  ])
    await expect(order()).rejects.toMatchObject({ code: 'forbidden', pointer: '/roles' });
  expect((await stores.people.byEmail(BOB))!.roles).toEqual([role('viewer')]);
});

it('nobody manages a person who may do more, by a link for a new password least of all', async () => {
  const { handlers, stores } = await made({ eve: [role('viewer')] });
  const eve = await stores.as('eve');
  for (const order of [
    () => handlers.link({ user: ADA }, eve),
    () => handlers.change({ user: ADA, state: 'disabled' }, eve),
    () => handlers.remove({ user: ADA }, eve),
  ])
    await expect(order()).rejects.toMatchObject({ code: 'forbidden' });
  expect(stores.links.rows.size).toBe(0);
});

it('a link for a new password is for people with a password', async () => {
  const { handlers, stores, ada } = await made();
  expect(await handlers.link({ user: BOB }, ada)).toMatchObject({
    ...{ email: BOB, expiresAt: new Date(NOW_MS + HOUR_MS).toISOString() },
  });
  const oidc = { issuer: 'https://id.example.org', subject: '1' };
  await stores.people.create({ email: NEW, name: 'new', roles: [], oidc });
  await expect(handlers.link({ user: NEW }, ada)).rejects.toMatchObject({ code: 'in_the_way' });
});

it('what is left out of a change stays', async () => {
  const { handlers, ada } = await made();
  const roles = [role('approver')];
  expect(await handlers.change({ user: BOB, roles }, ada)).toMatchObject({ name: 'bob', roles });
  expect(await handlers.change({ user: BOB, name: 'Bob' }, ada)).toMatchObject({ name: 'Bob', roles });
});

it('the audit log is given what a person was and is', async () => {
  const { handlers, ada } = await made();
  const noted: object[] = [];
  const caller = { ...ada, note: (change: object) => void noted.push(structuredClone(change)) };
  const person = { email: BOB, name: 'bob', state: 'active' };
  await handlers.change({ user: BOB, roles: [role('approver')] }, caller);
  await handlers.remove({ user: BOB }, caller);
  const [before, after] = [
    { ...person, roles: [role('viewer')] },
    { ...person, roles: [role('approver')] },
  ];
  expect(noted).toMatchObject([{ before, after }, { before: after, after: null }]);
});

it('the sessions of a disabled person end, and do not come back', async () => {
  const { handlers, stores, ada } = await made();
  await stores.signIn('bob');
  await stores.signIn('ada');
  await handlers.change({ user: BOB, state: 'disabled' }, ada);
  await handlers.change({ user: BOB, state: 'active' }, ada);
  expect((await stores.sessions.list(0)).map(({ person }) => person.email)).toEqual([ADA]);
});

it('the last administrator is neither demoted, nor disabled, nor removed', async () => {
  const { handlers, ada } = await made();
  for (const order of [
    () => handlers.change({ user: ADA, roles: [role('viewer')] }, ada),
    () => handlers.change({ user: ADA, state: 'disabled' }, ada),
    () => handlers.remove({ user: ADA }, ada),
  ])
    await expect(order()).rejects.toMatchObject({ code: 'in_the_way' });
  await handlers.change({ user: BOB, roles: [role('administrator')] }, ada);
  expect(await handlers.remove({ user: ADA }, ada)).toMatchObject({ email: ADA, result: 'removed' });
});

it('only an open invitation is revoked', async () => {
  const { handlers, ada } = await made();
  const { id } = await handlers.invite({ email: NEW, roles: [role('viewer')] }, ada);
  const reset = await handlers.link({ user: BOB }, ada);
  expect(await handlers.revokeInvitation({ invitation: id }, ada)).toMatchObject({ result: 'revoked' });
  await expect(handlers.revokeInvitation({ invitation: id }, ada)).rejects.toMatchObject({
    ...{ code: 'not_found' },
  });
  expect(reset.id).not.toBe(id);
});
