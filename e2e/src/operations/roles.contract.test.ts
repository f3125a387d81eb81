/**
 * Every operation, asked by every role over every surface, and by nobody: what is permitted follows from the table and
 * from the roles, and from nothing else. Each is asked for something that is not there, so nothing changes.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EVERYWHERE, grantsOf, mentions, ROLE_PERMISSIONS, ROLES, type Role } from '@foreshard/core/access';
import { hashSecret } from '@foreshard/core/adapters/identity';
import { type AnyOperation, allOperations } from '@foreshard/core/operations';
import { createStream } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { cookieName } from '../../../apps/web/src/server/identity/cookie.ts';
import { LACKING, ROWS } from './rows.fixture.ts';
import {
  type Authorization,
  bearer,
  type ConsoleProcess,
  foreshard,
  type Outcome,
  overRest,
  overTrpc,
  startConsole,
} from './surfaces.fixture.ts';

const ALL = allOperations();
const HOUR_MS = 3_600_000;
const SAMPLES = 10;
const CLI = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));
const run = promisify(execFile);
const DENIED = ['forbidden', 'FORBIDDEN', 'unauthorized', 'UNAUTHORIZED'];
/** Not walked, and why. */
const APART: Readonly<Record<string, string>> = {
  'account.endSession': 'it would end what the next ones are asked with',
  'sessions.endAll': 'likewise',
  'account.sessions': 'a token has no sessions of its own, which is forbidden too',
  'account.decideDevice': 'a token lets nobody in, which is forbidden too',
  'account.changePassword': "a wrong password of one's own is forbidden too",
};

let cluster: EdgeCluster;
let console: ConsoleProcess;
/** a token with what the role permits */
const tokens = new Map<Role, string>();
/** a session of a person who has the role */
const cookies = new Map<Role, string>();

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.decide(createStream({ name: 'main', shardCount: 2 }));
  await cluster.startEdge();
  const { control, databaseUrl } = cluster;
  for (const role of ROLES) {
    const scopes = [...ROLE_PERMISSIONS[role]];
    tokens.set(role, (await control.tokens.create({ name: role, scopes })).plaintext);
    const roles = [{ role, scope: EVERYWHERE }];
    const person = await control.people.create({ email: `${role}@example.org`, name: role, roles });
    const secret = randomBytes(32).toString('base64url');
    await control.sessions.create({
      ...{ hash: hashSecret(secret), personId: person!.id, address: '', userAgent: '' },
      expiresAt: new Date(Date.now() + HOUR_MS),
    });
    cookies.set(role, `${cookieName({ tls: false, databaseUrl })}=${secret}`);
  }
  console = await startConsole({
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: cluster.controlRedis.url },
    ...{ FORESHARD_EDGE_URL: cluster.edgeUrl },
  });
}, 180_000);
afterAll(async () => {
  await console?.stop();
  await cluster?.stop();
});

type Surface = 'REST' | 'tRPC of the edge' | 'console with a token' | 'console with a session';
const SURFACES: readonly Surface[] = [
  'REST',
  'tRPC of the edge',
  'console with a token',
  'console with a session',
];

function isThere(surface: Surface, { name }: AnyOperation): boolean {
  if (surface === 'REST') return true;
  return !(name in LACKING[surface === 'tRPC of the edge' ? 'trpc' : 'console']);
}

function ask(surface: Surface, operation: AnyOperation, authorization: Authorization): Promise<Outcome> {
  const { refused, answered } = ROWS[operation.name] ?? {};
  const input = refused?.input ?? answered?.input ?? {};
  if (surface === 'REST') return overRest(cluster.edgeUrl, operation, input, authorization);
  const url = surface === 'tRPC of the edge' ? `${cluster.edgeUrl}/trpc/` : console.url;
  return overTrpc(url, operation, input, authorization);
}

function authorizationOf(surface: Surface, role: Role): Authorization {
  return surface === 'console with a session' ? { cookie: cookies.get(role)! } : bearer(tokens.get(role)!);
}

/** Every person uses the own account; a token has one only where it says so. */
function isPermitted(surface: Surface, role: Role, { permission }: AnyOperation): boolean {
  if (surface === 'console with a session')
    return mentions(grantsOf([{ role, scope: EVERYWHERE }]), permission);
  return ROLE_PERMISSIONS[role].includes(permission);
}

const isDenied = (outcome: Outcome) => 'code' in outcome && DENIED.includes(outcome.code);

const asked = ALL.filter(({ name }) => !(name in APART));

describe.each(asked.map((operation) => [operation.name, operation] as const))('%s', (_, operation) => {
  test.each(SURFACES.filter((surface) => isThere(surface, operation)))('over %s', async (surface) => {
    expect(isDenied(await ask(surface, operation, {})), 'nobody').toBe(true);
    for (const role of ROLES) {
      const outcome = await ask(surface, operation, authorizationOf(surface, role));
      const expected = isPermitted(surface, role, operation) ? 'permitted' : 'denied';
      expect(isDenied(outcome) ? 'denied' : 'permitted', `${role}: ${JSON.stringify(outcome)}`).toBe(
        expected,
      );
    }
  });

  const { refused, answered } = ROWS[operation.name] ?? {};
  const command = refused?.command ?? answered?.command;
  if (command !== undefined)
    test('over the command line', async () => {
      for (const role of ROLES.filter((one) => !ROLE_PERMISSIONS[one].includes(operation.permission))) {
        const { exitCode, stderr } = await foreshard(command, cluster.edgeUrl, tokens.get(role)!);
        expect(exitCode, `${role}: ${stderr}`).toBe(2);
      }
    });
});

describe('a command line in a process of its own', () => {
  const commands = asked.flatMap((operation) => {
    const { refused, answered } = ROWS[operation.name] ?? {};
    const command = refused?.command ?? answered?.command;
    return command === undefined ? [] : [{ operation, command }];
  });
  /** Ten of them, from all parts of the table, each role twice. */
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    const { operation, command } = commands[Math.floor((i * commands.length) / SAMPLES)]!;
    return [operation.name, ROLES[i % ROLES.length]!, operation, command] as const;
  });

  test('is asked for what is permitted and for what is not', () => {
    const permitted = samples.map(([, role, { permission }]) => ROLE_PERMISSIONS[role].includes(permission));
    expect(new Set(permitted).size).toBe(2);
  });

  test.each(samples)('%s as %s', async (_, role, operation, command) => {
    const env = { ...process.env, FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: tokens.get(role)! };
    const { code, stderr } = await run(process.execPath, [CLI, ...command], { env }).then(
      ({ stderr: said }) => ({ code: 0, stderr: said }),
      (error: { code: number; stderr: string }) => error,
    );
    const isPermittedTo = ROLE_PERMISSIONS[role].includes(operation.permission);
    const isNamed = /permission "?[a-z]+:[a-z]+/.test(stderr);
    // a few commands look up what they are about before they ask for it, and find nothing
    if (isPermittedTo) expect(isNamed, stderr).toBe(false);
    else
      expect(
        [code, isNamed || /no host|no recommendation|is a lower-case letter/.test(stderr)],
        stderr,
      ).toEqual([2, true]);
  });

  test('nobody is told to bring a token', async () => {
    const env = { ...process.env, FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: 'fsh_nobody' };
    const denied = run(process.execPath, [CLI, 'hosts', 'list'], { env });
    await expect(denied).rejects.toMatchObject({ stderr: expect.stringContaining('token') });
  });
});
