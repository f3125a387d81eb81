/** The whole contract of a host, with no more rights than the product has on the hosts of this machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalServer, startRedis, type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisFixture } from '../../../../packages/core/src/adapters/redis/redis-server.fixture.ts';
import { eventHostContract } from '../../../../packages/core/src/hosts/event-host.contract-suite.ts';
import { redisFacts, redisLibraries } from '../composition.ts';
import { CONTROL_USERS, HOST_USERS } from './redis-access.ts';

let folder: TemporaryFolder;
let server: LocalServer;
let admin: Redis;
beforeAll(async () => {
  folder = await temporaryFolder('redis-access');
  const dir = join(folder.path, 'host');
  server = await startRedis({ dir, users: HOST_USERS });
  const { admin: password } = JSON.parse(await readFile(join(dir, 'users.json'), 'utf8'));
  admin = new Redis(server.port, { username: 'admin', password });
  // the server is killed on purpose
  admin.on('error', () => {});
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
  await folder.remove();
});

const fixtureOf = () => ({ server, raw: admin, stop: () => server.stop() });
eventHostContract('Redis with few rights', { memoryLimit: true, durable: true, connected: true }, (options) =>
  redisFixture(fixtureOf(), options),
);

async function refusals(url: string, commands: readonly string[]): Promise<string[]> {
  const client = new Redis(url, {
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    const asked = commands.map((command) => client.call(...(command.split(' ') as [string])));
    return (await Promise.allSettled(asked)).map((one) =>
      one.status === 'fulfilled' ? 'done' : one.reason.message.split(' ')[0],
    );
  } finally {
    client.disconnect();
  }
}
const OF_PEOPLE = [
  'FLUSHALL',
  'FLUSHDB',
  'KEYS *',
  'CONFIG SET maxmemory 1',
  'SHUTDOWN',

  'SAVE',
];

describe('a host of this machine', () => {
  it('does nothing for who has no password, and only what the product uses for who has it', async () => {
    const { port, url } = server;
    for (const command of ['GET a', 'INFO', ...OF_PEOPLE])
      expect(await refusals(`redis://127.0.0.1:${port}`, [command]), command).toEqual(['NOAUTH']);
    expect(await refusals(url, OF_PEOPLE)).toEqual(OF_PEOPLE.map(() => 'NOPERM'));
    expect(await refusals(url, ['FUNCTION FLUSH', 'EVAL return 0', 'ACL LIST'])).toEqual(
      Array(3).fill('NOPERM'),
    );
    expect(await admin.acl('WHOAMI')).toBe('admin');
  });

  it('lets the doctor look', async () => {
    expect((await redisFacts(server.url)).config).toMatchObject({ appendfsync: 'always' });
    expect(await redisLibraries(server.url)).toEqual([expect.stringMatching(/^foreshard/)]);
  });
});

it('a control Redis is not emptied, copied or set otherwise by the product', async () => {
  const control = await startRedis({ dir: join(folder.path, 'control'), users: CONTROL_USERS });
  expect(await refusals(control.url, OF_PEOPLE)).toEqual(OF_PEOPLE.map(() => 'NOPERM'));
  const used = ['XADD s * a b', 'PUBLISH c m', 'EVAL return(1) 0', 'INFO', 'CONFIG GET maxmemory', 'TIME'];
  expect(await refusals(control.url, used)).toEqual(used.map(() => 'done'));
  await control.stop();
});
