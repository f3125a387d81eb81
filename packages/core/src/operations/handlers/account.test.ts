import { beforeEach, describe, expect, it } from 'vitest';
import { callerOf } from '../caller.ts';
import { accountHandlers } from './account.ts';
import { callerNamed } from './caller.fixture.ts';
import { NOW_MS, peopleStores, role } from './people.fixture.ts';

let stores: Awaited<ReturnType<typeof peopleStores>>;

beforeEach(async () => {
  stores = await peopleStores({
    ann: [role('operator')],
    ben: [role('reader', { streams: [{ name: 'orders' }] }), role('operator')],
    cid: [],
  });
  const expiresAt = new Date(NOW_MS + 1_000);
  await stores.devices.create({ hash: 'aa', userCode: 'BCDF-GHJK', device: 'laptop', expiresAt });
});
const handlers = () => accountHandlers(stores);
const approve = { code: 'bcdfghjk', approve: true };

describe('all other own sessions', () => {
  const left = async (name: string) =>
    (await stores.sessions.list(1_000, (await stores.as(name)).principal.id)).map(({ id }) => id);

  it('are ended by everybody, with or without a role, and the one that asks goes on', async () => {
    for (const name of ['cid', 'ann']) await stores.signIn(name);
    const kept = await stores.signIn('cid');
    const caller = await stores.as('cid', kept);
    expect(await handlers().endOtherSessions({}, caller)).toEqual({ ended: 1 });
    expect(await left('cid')).toEqual([kept]);
    expect(await left('ann')).toHaveLength(1);
  });

  it('are all ended with a token of the person, and with no other', async () => {
    await stores.signIn('ann');
    const { principal, origin } = await stores.as('ann');
    const token = (owner?: string) =>
      callerOf({ ...principal, kind: 'token', name: 'laptop', owner }, origin);
    await expect(handlers().endOtherSessions({}, token())).rejects.toMatchObject({ code: 'forbidden' });
    expect(await handlers().endOtherSessions({}, token(principal.name))).toEqual({ ended: 1 });
    expect(await left('ann')).toEqual([]);
  });
});

it('shows which machine waits, by its code however it is typed', async () => {
  const document = { code: 'BCDF-GHJK', device: 'laptop', expiresAt: new Date(NOW_MS + 1_000).toISOString() };
  expect(await handlers().device({ code: 'bcdf ghjk' }, await stores.as('ann'))).toEqual(document);
  await expect(handlers().device({ code: 'BCDF-GHJL' }, await stores.as('ann'))).rejects.toMatchObject({
    code: 'not_found',
  });
  stores.clock.ms += 1_000;
  await expect(handlers().device({ code: 'BCDF-GHJK' }, await stores.as('ann'))).rejects.toMatchObject({
    code: 'not_found',
  });
});

it('a person lets it in once, in the own name', async () => {
  const ann = await stores.as('ann');
  expect(await handlers().decideDevice(approve, ann)).toEqual({ device: 'laptop', result: 'approved' });
  expect([...stores.devices.rows.values()]).toMatchObject([
    { state: 'approved', personId: ann.principal.id },
  ]);
  await expect(handlers().decideDevice({ ...approve, approve: false }, ann)).rejects.toMatchObject({
    code: 'not_found',
  });
});

it('nobody whose roles make no token, and no token, lets it in; everybody may deny', async () => {
  for (const name of ['ben', 'cid'])
    await expect(handlers().decideDevice(approve, await stores.as(name))).rejects.toMatchObject({
      code: 'in_the_way',
    });
  await expect(handlers().decideDevice(approve, callerNamed('shop'))).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect([...stores.devices.rows.values()]).toMatchObject([{ state: 'pending' }]);
  const denied = await handlers().decideDevice({ ...approve, approve: false }, await stores.as('cid'));
  expect(denied.result).toBe('denied');
});
