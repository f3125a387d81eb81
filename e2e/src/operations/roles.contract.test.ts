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
import type { Recommendation } from '@foreshard/core/planning';
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
/** Forbidden also to whoever holds the permission: a token has no sessions and lets nobody in; a password is wrong. */
const FORBIDDEN_ANYWAY: Readonly<Record<string, 'to tokens' | 'to all'>> = {
  'account.sessions': 'to tokens',
  'account.endSession': 'to tokens',
  'account.endOtherSessions': 'to tokens',
  'account.decideDevice': 'to tokens',
  'account.changePassword': 'to all',
};
/** Where the command of the row is refused as it is read, before anybody is asked. */
const COMMAND_INSTEAD: Readonly<Record<string, readonly string[]>> = {
  'hosts.add': ['hosts', 'add', 'redis://127.0.0.1:1'],
  'migrations.pauseAll': ['pause-all', '--reason', 'walk'],
  'migrations.resumeAll': ['resume-all', '--reason', 'walk'],
  'migrations.limit': ['migrations', 'limit', '--concurrency', '1'],
  'streams.create': ['streams', 'create', 'walked'],
  'tokens.create': ['tokens', 'create', 'walked', '--scope', 'read'],
  'users.invite': ['users', 'invite', 'walked@example.org', '--role', 'viewer'],
  'notifications.addTarget': ['notifications', 'add', 'walked', 'http://10.0.0.1/'],
  'recommendations.decisions': ['recommendations', 'decisions'],
  'jobs.run': ['jobs', 'run', 'reconcile'],
};

/** Commands that judge or look up what they are about before they ask: whoever is denied asks for what is right and there. */
const PRESENT: Readonly<Record<string, readonly string[]>> = {
  'demo.start': ['demo'],
  'hosts.drain': ['drain', '1'],
  'hosts.undrain': ['drain', '1', '--undo'],
  'recommendations.approveSeveral': ['approve', '1'],
  'plans.approve': ['plans', 'approve', '1'],
  'plans.schedule': ['plans', 'schedule', '1', '--window'],
  'notifications.redeliver': ['notifications', 'redeliver', 'msg_1'],
};
/** Likewise, where nothing is there: only a host that went back can be asked about. */
const NOT_FOUND_FIRST: Readonly<Record<string, string>> = { 'hosts.acceptLoss': 'unknown_host' };

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
  await addWhatIsLookedUp();
  console = await startConsole({
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: cluster.controlRedis.url },
    ...{ FORESHARD_EDGE_URL: cluster.edgeUrl },
  });
}, 180_000);
afterAll(async () => {
  await console?.stop();
  await cluster?.stop();
});

/** A recommendation in a plan, of a cluster that no planner here knows, and a delivery: the first of each. */
async function addWhatIsLookedUp(): Promise<void> {
  const { recommendations, notifications } = cluster.control;
  const nowMs = Date.now();
  const body: Recommendation = {
    ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: ['1'], source: '1', destination: '2' },
    ...{ reason: 'hot', urgency: 'now', overloadAt: null, gain: null, etaSeconds: null, confidence: 1 },
    ...{ cost: { objective: 0, bytes: 1 }, alternatives: [], checks: [] },
    expiresAt: new Date(nowMs + HOUR_MS).toISOString(),
  };
  const figures = { objective: 1, hottest: 1, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 1 };
  const plan = {
    ...{
      revision: 'x',
      topologyVersion: 1,
      policy: { name: 'x', version: 1 },
      now: '',
      skipped: {},
      hosts: [],
    },
    ...{ recommendations: [body], before: figures, after: figures, nothingBecause: null, pressures: [] },
  };
  await recommendations.record(plan, { policyVersion: 1, nowMs, cluster: 'kafka' });
  const target = { name: 'pager', url: 'http://127.0.0.1:1/' };
  const more = {
    pauseSeconds: 0,
    enabled: false,
    quietUntilMs: 0,
    secret: 's',
    createdMs: 1,
    createdBy: 'me',
  };
  await notifications.add({ ...target, ...more, format: 'webhook', kinds: [] });
  await notifications.queue({ id: 'msg_1', target: 'pager', title: '', body: '{}', createdMs: nowMs }, []);
}

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

function isForbiddenAnyway(surface: Surface, { name }: AnyOperation): boolean {
  const to = FORBIDDEN_ANYWAY[name];
  return to === 'to all' || (to === 'to tokens' && surface !== 'console with a session');
}

function commandOf({ name }: AnyOperation): readonly string[] | undefined {
  const { refused, answered } = ROWS[name] ?? {};
  return COMMAND_INSTEAD[name] ?? refused?.command ?? answered?.command;
}

function presentOf({ name }: AnyOperation, command: readonly string[]): readonly string[] {
  return PRESENT[name] ?? command;
}

/** The code that a command ends with; undefined: it did what it was to do. */
async function codeOf(command: readonly string[], token: string) {
  const { exitCode, stderr } = await foreshard([...command, '--json'], cluster.edgeUrl, token);
  const line = stderr.trim().split('\n').at(-1)!;
  if (!line.startsWith('{"error":')) return { exitCode, stderr };
  const { code, detail } = JSON.parse(line).error as { code: string; detail: string };
  return { code, detail, exitCode };
}

describe.each(ALL.map((operation) => [operation.name, operation] as const))('%s', (_, operation) => {
  test.each(SURFACES.filter((surface) => isThere(surface, operation)))('over %s', async (surface) => {
    expect(isDenied(await ask(surface, operation, {})), 'nobody').toBe(true);
    for (const role of ROLES) {
      const outcome = await ask(surface, operation, authorizationOf(surface, role));
      const mayAsk = isPermitted(surface, role, operation) && !isForbiddenAnyway(surface, operation);
      const expected = mayAsk ? 'permitted' : 'denied';
      expect(isDenied(outcome) ? 'denied' : 'permitted', `${role}: ${JSON.stringify(outcome)}`).toBe(
        expected,
      );
    }
  });

  const command = commandOf(operation);
  if (command === undefined) return;
  const present = presentOf(operation, command);

  test.each(ROLES)('over the command line as %s', async (role) => {
    const mayAsk = ROLE_PERMISSIONS[role].includes(operation.permission);
    const ended = await codeOf(mayAsk ? command : present, tokens.get(role)!);
    const { [operation.name]: first } = NOT_FOUND_FIRST;
    if (isForbiddenAnyway('REST', operation)) expect(ended.code).toBe('forbidden');
    else if (first !== undefined) expect(ended.code).toBe(first);
    else if (mayAsk) expect(['forbidden', 'unauthorized'], JSON.stringify(ended)).not.toContain(ended.code);
    else expect(ended).toMatchObject({ code: 'forbidden', detail: lacking(operation), exitCode: 2 });
  });

  test('over the command line as nobody', async () => {
    expect(await codeOf(present, 'fsh_nobody')).toMatchObject({ code: 'unauthorized', exitCode: 2 });
  });
});

const lacking = ({ permission }: AnyOperation) => expect.stringContaining(`(permission ${permission})`);

describe.each([
  ['/api/audit/export', 'audit:read'],
  ['/api/events/body?shardlet=1&seq=1', 'events:read'],
  ['/api/events/export?stream=main', 'events:export'],
  ['/api/shardlets/export', 'cluster:read'],
  ['/metrics', 'cluster:read'],
] as const)('the download %s', (path, permission) => {
  async function statusFor(authorization: Authorization): Promise<[number, string]> {
    const answer = await fetch(new URL(path, console.url), { headers: authorization });
    return [answer.status, await answer.text()];
  }

  test.each(ROLES)('as %s', async (role) => {
    for (const authorization of [bearer(tokens.get(role)!), { cookie: cookies.get(role)! }]) {
      const [status, text] = await statusFor(authorization);
      if (ROLE_PERMISSIONS[role].includes(permission)) expect([401, 403]).not.toContain(status);
      else expect([status, text]).toEqual([403, expect.stringContaining(`(permission ${permission})`)]);
    }
  });

  test('as nobody', async () => expect((await statusFor({}))[0]).toBe(401));
});

describe('a command line in a process of its own', () => {
  const commands = ALL.flatMap((operation) => {
    const command = isForbiddenAnyway('REST', operation) ? undefined : commandOf(operation);
    const isLookedUp = operation.name in NOT_FOUND_FIRST;
    return command === undefined || isLookedUp ? [] : [{ operation, command }];
  });
  /** Ten of them, from all parts of the table, each role twice. */
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    const { operation, command } = commands[Math.floor((i * commands.length) / SAMPLES)]!;
    const role = ROLES[i % ROLES.length]!;
    const asked = ROLE_PERMISSIONS[role].includes(operation.permission)
      ? command
      : presentOf(operation, command);
    return [operation.name, role, operation, asked] as const;
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
    expect(isNamed, stderr).toBe(!isPermittedTo);
    if (!isPermittedTo) expect(code).toBe(2);
  });

  test('nobody is told to bring a token', async () => {
    const env = { ...process.env, FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: 'fsh_nobody' };
    const denied = run(process.execPath, [CLI, 'hosts', 'list'], { env });
    await expect(denied).rejects.toMatchObject({ stderr: expect.stringContaining('token') });
  });
});
