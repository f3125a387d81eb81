import { beforeEach, expect, it } from 'vitest';
import {
  DEVICE_LIFETIME_MS,
  EVERYWHERE,
  type Person,
  ROLE_PERMISSIONS,
  type RoleGrant,
} from '../../access/index.ts';
import { Devices } from './devices.ts';
import { MemoryDevices, MemoryPeople } from './people.fixture.ts';
import { memoryThrottle } from './throttle.ts';

let nowMs: number;
let store: MemoryDevices;
let people: MemoryPeople;
let made: { name: string; scopes?: readonly string[]; ownerId?: string | undefined; expiresAt?: Date }[];
let devices: Devices;

beforeEach(() => {
  nowMs = 1_790_000_000_000;
  store = new MemoryDevices(() => nowMs);
  people = new MemoryPeople(() => nowMs);
  made = [];
  devices = new Devices({
    ...{ devices: store, people, nowMs: () => nowMs },
    byAddress: memoryThrottle({ name: 'devices', failuresMax: 5, windowMs: 60_000 }),
    tokens: {
      async create(request) {
        made.push(request as never);
        return { token: {} as never, plaintext: `fsh_${made.length}` };
      },
    },
  });
});

async function person(roles: readonly RoleGrant[]): Promise<Person> {
  return (await people.create({ email: 'ada@example.org', name: 'Ada', roles }))!;
}
const OPERATOR = [{ role: 'operator', scope: EVERYWHERE }] as const;

it('waits for the person, and is given a token of theirs once', async () => {
  const { id } = await person(OPERATOR);
  const { deviceCode, userCode } = (await devices.start('laptop', '::1'))!;
  expect(userCode).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
  expect(await devices.token(deviceCode)).toEqual({ kind: 'refused', error: 'authorization_pending' });
  await store.decide((await store.byUserCode(userCode))!.id, id, true);
  expect(await devices.token(deviceCode)).toMatchObject({ kind: 'token', token: 'fsh_1' });
  expect(made).toEqual([
    {
      ...{
        name: 'ada@example.org on laptop',
        scopes: [...ROLE_PERMISSIONS.operator, 'account:use'],
        scope: EVERYWHERE,
      },
      ...{ ownerId: id, expiresAt: new Date(nowMs + 30 * 86_400_000) },
    },
  ]);
  expect(await devices.token(deviceCode)).toEqual({ kind: 'refused', error: 'expired_token' });
  expect(made).toHaveLength(1);
});

it('is refused when the person says no, is disabled since, or has no role any more', async () => {
  const { id } = await person(OPERATOR);
  const started = async () => (await devices.start('laptop', '::1'))!;
  const decided = async (isApproved: boolean) => {
    const { deviceCode, userCode } = await started();
    await store.decide((await store.byUserCode(userCode))!.id, id, isApproved);
    return deviceCode;
  };
  const denied = { kind: 'refused', error: 'access_denied' };
  expect(await devices.token(await decided(false))).toEqual(denied);
  const approved = await decided(true);
  await people.create({ email: 'b@example.org', name: 'B', roles: [], passwordHash: 'x' });
  await people.change(id, { roles: [] });
  expect(await devices.token(approved)).toEqual(denied);
  await people.change(id, { roles: OPERATOR, state: 'disabled' });
  expect(await devices.token(approved)).toEqual(denied);
  expect(made).toEqual([]);
});

it('is over after ten minutes, and unknown codes are nothing', async () => {
  await person(OPERATOR);
  const { deviceCode, userCode } = (await devices.start('laptop', '::1'))!;
  nowMs += DEVICE_LIFETIME_MS;
  expect(await store.byUserCode(userCode)).toBeUndefined();
  expect(await devices.token(deviceCode)).toEqual({ kind: 'refused', error: 'expired_token' });
  expect(await devices.token('guessed')).toEqual({ kind: 'refused', error: 'expired_token' });
});

it('an address asks for a few codes, not for thousands', async () => {
  for (let i = 0; i < 5; i++) expect(await devices.start('laptop', '::1')).toBeDefined();
  expect(await devices.start('laptop', '::1')).toBeUndefined();
  expect(await devices.start('laptop', '::2')).toBeDefined();
});

it('a machine shows no other name than it has: what nobody sees is left out', async () => {
  const shown = async (name: string) => {
    const { userCode } = (await devices.start(name, crypto.randomUUID()))!;
    return (await store.byUserCode(userCode))!.device;
  };
  expect(await shown('evil\u202epotpal s’adA\r\n')).toBe('evilpotpal s’adA');
  expect(await shown('\u200b\n')).toBe('a machine without a name');
});
