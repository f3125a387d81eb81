/** Every operation of the table, over every surface: the same refusals, and the same answers. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PERMISSIONS, type Permission } from '@foreshard/core/access';
import { ERRORS, type ErrorCode } from '@foreshard/core/kernel';
import { type AnyOperation, allOperations } from '@foreshard/core/operations';
import { createStream } from '@foreshard/core/topology';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { operationsOf } from '../../../apps/cli/src/operations/run-operation.ts';
import { foreshardProgram, withSubcommands } from '../../../apps/cli/src/program.ts';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { COMMAND_DIFFERS, COMMAND_READS, LACKING, NOT_ANSWERED, ROWS } from './rows.fixture.ts';
import {
  bearer,
  type ConsoleProcess,
  foreshard,
  type Outcome,
  overRest,
  overRestWithBody,
  overRestWithUnknownMember,
  overTrpc,
  startConsole,
} from './surfaces.fixture.ts';

const ALL = allOperations();
const WITH_COMMAND = new Set(withSubcommands(foreshardProgram()).flatMap(operationsOf));
/** Where repeating the command cannot help. */
const BAD_INPUT: readonly number[] = [400, 401, 403, 404, 413, 415, 422];
const SETTLED_WITHIN_MS = 90_000;
const CLI = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));

let cluster: EdgeCluster;
let console: ConsoleProcess;
/** tokens that lack only this permission */
const without = new Map<Permission, string>();

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  for (const permission of PERMISSIONS) {
    const scopes = PERMISSIONS.filter((one) => one !== permission);
    const { plaintext } = await cluster.control.tokens.create({ name: `without ${permission}`, scopes });
    without.set(permission, plaintext);
  }
  await cluster.decide(createStream({ name: 'main', shardCount: 2 }));
  await vi.waitUntil(isSettled, { timeout: SETTLED_WITHIN_MS, interval: 200 });
  await cluster.startEdge();
  console = await startConsole({
    ...{ DATABASE_URL: cluster.databaseUrl, REDIS_URL: cluster.controlRedis.url },
    ...{ FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: cluster.token },
  });
}, 180_000);
afterAll(async () => {
  await console?.stop();
  await cluster?.stop();
});

/** What is still being opened would be answered differently from one surface to the next. */
async function isSettled(): Promise<boolean> {
  const { shardlets } = await cluster.control.topology.snapshot();
  return shardlets.every(({ state }) => state.kind === 'open');
}

const exitCodeOf = (code: ErrorCode) => (BAD_INPUT.includes(ERRORS[code].status) ? 2 : 1);
const trpcUrl = () => `${cluster.edgeUrl}/trpc/`;

test('every operation has a row, and every row an operation', () => {
  expect(Object.keys(ROWS).sort()).toEqual(ALL.map(({ name }) => name).sort());
});

test('every query is answered here, or has a reason why not', () => {
  const missing = ALL.filter(({ kind, name }) => kind === 'query' && ROWS[name]?.answered === undefined);
  expect(Object.keys(NOT_ANSWERED).sort()).toEqual(missing.map(({ name }) => name).sort());
});

test('every operation has a command, or a reason why not; the other surfaces are tried below', () => {
  const lacking = ALL.filter((operation) => !WITH_COMMAND.has(operation)).map(({ name }) => name);
  expect(Object.keys(LACKING.command).sort()).toEqual(lacking.sort());
});

test('every command is given here, or has a reason why not', () => {
  const untried = ALL.filter((operation) => {
    const { refused, answered } = ROWS[operation.name] ?? {};
    return WITH_COMMAND.has(operation) && (refused?.command ?? answered?.command) === undefined;
  });
  expect(Object.keys(COMMAND_DIFFERS).sort()).toEqual(untried.map(({ name }) => name).sort());
});

describe.each(ALL.map((operation) => [operation.name, operation] as const))('%s', (name, operation) => {
  const { refused, answered } = ROWS[name] ?? {};
  const input = refused?.input ?? answered?.input ?? {};

  /** On each surface that has it; on one that lacks it there must be nothing of this name. */
  async function everywhere(ask: (surface: Surface) => Promise<Outcome>): Promise<Record<string, Outcome>> {
    const outcomes: Record<string, Outcome> = {};
    for (const surface of ['rest', 'trpc', 'console'] as const)
      if (surface === 'rest' || !(name in LACKING[surface])) outcomes[surface] = await ask(surface);
    return outcomes;
  }

  const same = (outcomes: Record<string, Outcome>, outcome: Outcome) =>
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(outcomes).map((one) => [one, outcome])));

  test('needs a token with its permission', async () => {
    const limited = without.get(operation.permission)!;
    const asked = (authorization: Record<string, string>) =>
      everywhere((surface) => ask(surface, operation, input, authorization));
    same(await asked({}), { code: 'unauthorized' });
    same(await asked(bearer(limited)), { code: 'forbidden' });
    const command = refused?.command ?? answered?.command;
    if (command === undefined) return;
    // what a command judges, or asks with another permission, before it gives the order
    const before = refused === undefined ? [] : [codeAtCommand(name, refused.code)];
    await expectRefused(command, limited, ['forbidden', ...before]);
  });

  test('refuses a member that it does not know, everywhere with the same code', async () => {
    const { edgeUrl, token } = cluster;
    const first = await overRestWithUnknownMember(edgeUrl, operation, input, bearer(token));
    expect(['invalid_order', 'invalid_parameter', 'invalid_record']).toContain(
      (first as { code: string }).code,
    );
    const outcomes = await everywhere(async (surface) =>
      surface === 'rest' ? first : ask(surface, operation, { ...input, nonsense: 1 }, bearer(token)),
    );
    same(outcomes, first);
  });

  // a browser sends no body with GET
  if (operation.http.body === undefined && operation.http.method !== 'get')
    test('refuses a body over REST, as it takes none', async () => {
      const { edgeUrl, token } = cluster;
      const code = 'invalid_parameter';
      expect(await overRestWithBody(edgeUrl, operation, input, bearer(token))).toEqual({ code });
    });

  if (refused !== undefined)
    test(`refuses with ${refused.code} everywhere`, async () => {
      const { code, command } = refused;
      same(await everywhere((surface) => ask(surface, operation, input, bearer(cluster.token))), { code });
      // what stands in a path is checked whatever the contract says
      expect([...operation.errors, 'invalid_parameter']).toContain(code);
      if (command === undefined) return;
      await expectRefused(command, cluster.token, [codeAtCommand(name, code)]);
    });

  if (answered !== undefined)
    test('answers the same everywhere', async () => {
      const outcomes = await everywhere((surface) =>
        ask(surface, operation, answered.input, bearer(cluster.token)),
      );
      same(outcomes, outcomes.rest!);
      expect(outcomes.rest).toHaveProperty('answer');
      if (answered.command === undefined) return;
      const { stdout } = await foreshard([...answered.command, '--json'], cluster.edgeUrl, cluster.token);
      expect({ answer: JSON.parse(stdout) }).toEqual(outcomes.rest);
    });

  test('is not where the list says it is lacking', async () => {
    for (const surface of ['trpc', 'console'] as const)
      if (name in LACKING[surface] && !TRPC_OF_ITS_OWN.includes(name))
        expect(await ask(surface, operation, input, bearer(cluster.token))).toMatchObject({
          code: expect.stringMatching(/^(not_found|NOT_FOUND)$/),
        });
  });
});

const BAD_OPTION = 'bad_input';
type CommandCode = ErrorCode | typeof BAD_OPTION;

function codeAtCommand(name: string, code: ErrorCode): CommandCode {
  return name in COMMAND_READS ? BAD_OPTION : code;
}

/** By one of these codes: a command line that is wrong by itself has an exit code of 2 as well. */
async function expectRefused(
  command: readonly string[],
  token: string,
  codes: readonly CommandCode[],
): Promise<void> {
  const { exitCode, stdout, stderr } = await foreshard([...command, '--json'], cluster.edgeUrl, token);
  const { code, detail, cure } = errorIn(stderr);
  expect(codes).toContain(code);
  expect(detail).toMatch(/\S/);
  expect(cure).toBe(code === BAD_OPTION ? undefined : ERRORS[code].cure);
  expect(exitCode).toBe(code === BAD_OPTION ? 2 : exitCodeOf(code));
  // what several orders in one answer came to is printed, and then the worst of them
  if (stdout !== '') JSON.parse(stdout);
}

/** The last line; warnings may stand before it. */
function errorIn(stderr: string): { code: CommandCode; detail: string; cure?: string } {
  const line = stderr.trim().split('\n').at(-1)!;
  expect(line).toMatch(/^\{"error":/);
  return JSON.parse(line).error;
}

type Surface = 'rest' | 'trpc' | 'console';
const TRPC_OF_ITS_OWN: readonly string[] = ['telemetry.accesses', 'telemetry.instances'];

function ask(
  surface: Surface,
  operation: AnyOperation,
  input: Readonly<Record<string, unknown>>,
  authorization: Record<string, string>,
): Promise<Outcome> {
  if (surface === 'rest') return overRest(cluster.edgeUrl, operation, input, authorization);
  if (surface === 'trpc') return overTrpc(trpcUrl(), operation, input, authorization);
  return overTrpc(console.url, operation, input, authorization);
}

test('the command as a process answers, and ends with the code of the refusal', async () => {
  const env = { ...process.env, FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: cluster.token };
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [CLI, ...args], { env });
  const { answer } = (await overRest(
    cluster.edgeUrl,
    ALL.find(({ name }) => name === 'hosts.list')!,
    {},
    bearer(cluster.token),
  )) as { answer: unknown };
  expect(JSON.parse((await run('hosts', 'list', '--json')).stdout)).toEqual(answer);
  await expect(run('hosts', 'remove', '999999')).rejects.toMatchObject({ code: 2 });
});
