/**
 * Split, roll, merge, move, drain and the orders to moves, as people type them, on real servers. Each
 * command is asked first what it would do, and must then have changed nothing.
 */
import { createDatabase } from '@foreshard/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Control, openControl } from '../composition.ts';
import { type CommandResult, RealEdge } from '../replay/real-edge.fixture.ts';

const DONE = 0;
const FAILED = 1;
const BAD_INPUT = 2;

let edge: RealEdge;
let control: Control;

beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 2, 'restructure');
  control = await openControl(edge.stores);
}, 150_000);
afterAll(async () => {
  await control?.close();
  await edge?.stop();
});

function foreshard(...args: string[]): Promise<CommandResult> {
  return edge.run(args);
}

async function json<T>(...args: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await foreshard(...args, '--json');
  expect(exitCode, stderr).toBe(DONE);
  return JSON.parse(stdout);
}

/** The same again without `--dry-run` comes after. The worker may drop meanwhile what earlier tests left. */
async function dryRun(...args: string[]): Promise<CommandResult> {
  return dryRunWith(undefined, ...args);
}

async function dryRunWith(input: string | undefined, ...args: string[]): Promise<CommandResult> {
  const { version } = await control.topology.snapshot();
  const result = await edge.run([...args, '--dry-run'], input);
  const since = await control.topology.changesAfter(version, 1_000);
  expect(since.filter(({ decision }) => decision !== 'dropGarbage')).toEqual([]);
  return result;
}

async function openOn(host: number): Promise<string[]> {
  const { shardlets } = await control.topology.snapshot();
  return shardlets.filter((s) => s.owner === host && s.state.kind === 'open').map((s) => String(s.id));
}

interface Restructured {
  readonly children: readonly { readonly shardlet: number; readonly loadShare: number | null }[];
  readonly explanation?: string;
}
interface Moved {
  readonly results: readonly { readonly migration: number; readonly result: string }[];
}

async function stateOf(shardlet: number): Promise<string> {
  return (await control.topology.snapshot()).shardlets.find((s) => s.id === shardlet)!.state.kind;
}

test('split, merge and roll tell what they would do, do it, and wait until it is done', async () => {
  const [shardlet] = (await openOn(1)) as [string];
  expect(await dryRun('split', shardlet)).toMatchObject({
    exitCode: DONE,
    stdout: expect.stringMatching(/would open/),
  });
  const split = await json<Restructured>('split', shardlet, '--wait');
  expect(await Promise.all(split.children.map((c) => stateOf(c.shardlet)))).toEqual(['open', 'open']);
  expect(split.explanation).toContain('too few events');
  const pair = split.children.map((c) => String(c.shardlet));
  expect(await dryRun('merge', ...pair)).toMatchObject({ exitCode: DONE });
  const [merged] = (await json<Restructured>('merge', ...pair, '--wait')).children;
  expect(await dryRun('roll', String(merged!.shardlet))).toMatchObject({ exitCode: DONE });
  expect((await json<Restructured>('roll', String(merged!.shardlet), '--wait')).children).toHaveLength(1);
}, 60_000);

test('what-if tells every host before and after, and changes nothing', async () => {
  const { version, hosts } = await control.topology.snapshot();
  const [shardlet] = (await openOn(1)) as [string];
  const [, other] = hosts;
  const answer = await foreshard('what-if', '--move', `${shardlet}=${other!.name}`, '--load', 'main=3');
  expect(answer).toMatchObject({ exitCode: DONE, stdout: expect.stringContaining(other!.name) });
  const lost = await json<{ hosts: { host: string; isLost: boolean }[] }>('what-if', '--lose', other!.name);
  expect(lost.hosts.filter((one) => one.isLost).map((one) => one.host)).toEqual([String(other!.id)]);
  const since = await control.topology.changesAfter(version, 1_000);
  expect(since.filter(({ decision }) => decision !== 'dropGarbage')).toEqual([]);
  expect(await foreshard('what-if', '--lose', 'nowhere')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await foreshard('what-if', '--policy', 'host.fullness=9')).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringContaining('/changes/0/policy/host/fullness'),
  });
}, 60_000);

test('what cannot be is told in one line: 2 for bad input, 1 for a lost race', async () => {
  expect(await foreshard('split', '999999')).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringMatching(/no shardlet 999999/),
  });
  expect(await foreshard('split', 'x')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await foreshard('merge', (await openOn(1))[0]!)).toMatchObject({ exitCode: BAD_INPUT });
  const [shardlet] = (await openOn(1)) as [string];
  expect(await foreshard('move', shardlet, '--to', 'nowhere')).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringMatching(/there is no host "nowhere"; the hosts are 1/),
  });
  expect(await foreshard('split', shardlet, '--at', 'zz')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await foreshard('migrations', 'abort', '1')).toMatchObject({ exitCode: BAD_INPUT });
  const closed = (await control.topology.snapshot()).shardlets.find((s) => s.state.kind === 'closed')!;
  expect(await foreshard('roll', String(closed.id))).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringMatching(/is closed/),
  });
}, 60_000);

test('a shardlet goes to another host and back, and the list tells who wanted it and why', async () => {
  const [shardlet] = (await openOn(1)) as [string];
  expect(await dryRun('move', shardlet, '--to', '2')).toMatchObject({
    exitCode: DONE,
    stdout: expect.stringMatching(/would move/),
  });
  const {
    results: [there],
  } = await json<Moved>('move', shardlet, '--to', '2', '--reason', 'a test', '--wait');
  expect(there!.result).toBe('moved');
  expect(await openOn(2)).toContain(shardlet);
  const shown = await json<{ migration: object; journal: { what: string; bytes: number }[] }>(
    'migrations',
    'show',
    String(there!.migration),
  );
  expect(shown.migration).toMatchObject({
    reason: 'a test',
    result: 'moved',
    actor: expect.stringMatching(/^token:/),
  });
  expect(shown.journal.map((step) => step.what)).toEqual(
    expect.arrayContaining(['sealed', 'ready', 'opened']),
  );
  expect(await dryRun('migrations', 'move-back', String(there!.migration))).toMatchObject({ exitCode: DONE });
  expect(await foreshard('migrations', 'move-back', String(there!.migration), '--wait')).toMatchObject({
    exitCode: DONE,
  });
  expect(await openOn(1)).toContain(shardlet);
}, 60_000);

test('pause-all holds every move until resume-all; an abort leaves the shardlet where it is', async () => {
  const [shardlet] = (await openOn(1)) as [string];
  expect(await foreshard('pause-all', '--reason', 'a look around')).toMatchObject({ exitCode: DONE });
  // the name of earlier releases
  const { results } = await json<Moved>('migrate', shardlet, '--to', '2');
  const move = results[0]!.migration;
  const listed = await foreshard('migrations');
  expect(listed).toMatchObject({
    exitCode: DONE,
    stderr: expect.stringMatching(/all moves are paused: a look around/),
  });
  expect(await foreshard('migrations', 'abort', String(move), '--dry-run')).toMatchObject({ exitCode: DONE });
  expect(await foreshard('migrations', 'abort', String(move), '--reason', 'no need')).toMatchObject({
    exitCode: DONE,
  });
  expect(await foreshard('resume-all')).toMatchObject({ exitCode: DONE });
  await expect
    .poll(async () => (await control.moves.find(move))?.result, { timeout: 20_000 })
    .toBe('aborted');
  await expect.poll(() => openOn(1), { timeout: 20_000 }).toContain(shardlet);
  expect(await foreshard('migrations', 'abort', String(move))).toMatchObject({ exitCode: FAILED });
}, 60_000);

test('a host is drained of open and closed shardlets, and taken into use again', async () => {
  const planned = await dryRun('drain', '1');
  expect(planned).toMatchObject({ exitCode: DONE, stdout: expect.stringMatching(/^shardlet +to/) });
  expect(await foreshard('drain', '1', '--wait')).toMatchObject({
    exitCode: DONE,
    stdout: expect.stringMatching(/hosts remove 1/),
  });
  const { shardlets } = await control.topology.snapshot();
  expect(shardlets.filter((s) => s.owner === 1 && s.state.kind !== 'gone')).toEqual([]);
  expect(await dryRun('hosts', 'remove', '1')).toMatchObject({
    exitCode: DONE,
    stdout: 'host 1 would be removed\n',
  });
  expect(await dryRun('hosts', 'remove', '2')).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringMatching(/has part in shardlet/),
  });
  expect(await foreshard('drain', '1', '--undo')).toMatchObject({ exitCode: DONE });
}, 90_000);

test('a host is described; what is not named stays', async () => {
  const printed = (what: string) => ({ exitCode: DONE, stdout: `host 2 ${what}\n` });
  const first = ['--zone', 'north', '--label', 'disk=ssd', '--label', 'rack=r1'];
  expect(await dryRun('hosts', 'describe', '2', ...first)).toMatchObject(
    printed('would be: zone north, disk=ssd rack=r1'),
  );
  await foreshard('hosts', 'describe', '2', ...first);
  expect(await foreshard('hosts', 'describe', '2', '--events-per-second', '500')).toMatchObject(
    printed('is: zone north, disk=ssd rack=r1, eventsPerSecond 500'),
  );
  const { hosts } = await control.topology.snapshot();
  expect(hosts.find(({ id }) => id === 2)).toMatchObject({
    ...{ zone: 'north', labels: { disk: 'ssd', rack: 'r1' }, capacity: { eventsPerSecond: 500 } },
  });
});

test.each([
  [['2'], 'at least one of zone, labels and capacity'],
  [['2', '--zone', 'a b'], 'letters, digits'],
  [['2', '--label', 'ssd'], 'NAME=VALUE'],
  [['2', '--events-per-second', '0'], 'above 0'],
  [['two', '--zone', 'north'], 'named by its number'],
  [['99', '--zone', 'north'], 'no host 99'],
])('hosts describe %j is refused', async (args, why) => {
  const { version } = await control.topology.snapshot();
  const reply = await foreshard('hosts', 'describe', ...args);
  expect(reply).toMatchObject({ exitCode: BAD_INPUT, stderr: expect.stringContaining(why) });
  const since = await control.topology.changesAfter(version, 1_000);
  expect(since.filter(({ decision }) => decision === 'describeHost')).toEqual([]);
});

test('a server is judged before it is taken as a host', async () => {
  const url = await createDatabase(inject('postgresUrl'), 'restructure_candidate');
  // it has a password, which everybody on the machine could read
  expect(await dryRun('hosts', 'add', url)).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringMatching(/holds a password/),
  });
  expect(await dryRunWith(url, 'hosts', 'add', '-')).toMatchObject({
    exitCode: DONE,
    stdout: expect.stringMatching(/:\*\*\*@.* would join as a new host/),
  });
  const taken = control.topology.snapshot().then(({ hosts }) => hosts[0]!);
  expect(await dryRunWith((await taken).url, 'hosts', 'add', '-')).toMatchObject({
    stdout: expect.stringMatching(/is known already as host 1/),
  });
  expect(await dryRunWith(url, 'hosts', 'add', '-', '--name', (await taken).name)).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringMatching(/has this name/),
  });
  expect(await dryRun('hosts', 'add', 'redis://127.0.0.1:9')).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringMatching(/no Redis or PostgreSQL answers there/),
  });
});

test('a preview of a drain proposes no host that does not answer, and says why', async () => {
  await edge.killHost(1);
  interface Preview {
    readonly moves: readonly object[];
    readonly waiting: readonly { readonly why: string }[];
  }
  const preview = () => json<Preview>('drain', '2', '--dry-run');
  await expect.poll(async () => (await preview()).waiting.length, { timeout: 30_000 }).toBe(1);
  const { moves, waiting } = await preview();
  expect(moves).toEqual([]);
  expect(waiting[0]!.why).toMatch(/no host can take it: host-1 is unreachable/);
}, 60_000);
