/** `foreshard clusters`, as people type it, on a real edge with its stores. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOAD_LENGTH_MAX } from '@foreshard/core/external';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type CommandResult, RealEdge } from '../replay/real-edge.fixture.ts';

const DONE = 0;
const FAILED = 1;
const BAD_INPUT = 2;

let edge: RealEdge;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-clusters-'));
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'clusters');
}, 150_000);
afterAll(async () => {
  await edge?.stop();
  await rm(dir, { recursive: true });
});

function foreshard(...args: string[]): Promise<CommandResult> {
  return edge.run(['clusters', ...args]);
}

async function file(name: string, ...lines: string[]): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, lines.join('\n'));
  return path;
}

const HEAD = 'time,partition,host,events_per_second';

/** Two minutes up to now, with most of it on one host. */
function load(): string[] {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  return [2, 1].flatMap((minutes) =>
    ['p1,a,55', 'p2,a,60', 'p3,b,10'].map((rest) => `${endMs - minutes * 60_000},${rest}`),
  );
}

test('a cluster is added, planned, changed and removed', async () => {
  const csv = await file('load.csv', HEAD, ...load());
  const hosts = await file('hosts.csv', 'host,events_per_second', 'a,100', 'b,100');
  const added = await foreshard('add', 'legacy', '--csv', csv, '--hosts', hosts);
  expect(added).toMatchObject({ exitCode: DONE, stdout: expect.stringContaining('3 partitions on 2 hosts') });
  expect(await foreshard('add', 'legacy', '--csv', csv)).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringContaining('There is a cluster "legacy" already'),
  });
  const again = await foreshard('import', 'legacy', '--csv', csv, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ name: 'legacy', rows: 0, known: 6 });
  const planned = await foreshard('plan', 'legacy', '--json');
  expect(JSON.parse(planned.stdout).plan.recommendations[0]).toMatchObject({ action: 'move', source: 'a' });
  expect(await foreshard('webhook', 'legacy', 'nobody')).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringContaining('foreshard notifications add nobody URL'),
  });
  expect(JSON.parse((await foreshard('show', 'legacy')).stdout)).toMatchObject({ webhook: null, version: 1 });
  expect(await foreshard('remove', 'legacy')).toMatchObject({ exitCode: DONE });
  expect(await foreshard('show', 'legacy')).toMatchObject({ exitCode: BAD_INPUT });
}, 60_000);

test('hosts are described by a file of their own, and the state of a plan is printed', async () => {
  const csv = await file('load.csv', HEAD, ...load());
  expect(await foreshard('add', 'wide', '--csv', csv)).toMatchObject({ exitCode: DONE });
  const more = await file('more.csv', 'host,events_per_second', 'c,100');
  expect(await foreshard('import', 'wide', '--hosts', more)).toMatchObject({
    ...{ exitCode: DONE, stdout: 'wide: what 1 host can take is known\n' },
  });
  const state = await foreshard('plan', 'wide', '--state');
  expect(JSON.parse(state.stdout).hosts).toHaveLength(3);
}, 60_000);

test('without an edge load is taken in as well, with the same answer', async () => {
  const csv = await file('load.csv', HEAD, ...load());
  const added = await foreshard('add', 'direct', '--csv', csv, '--direct', '--json');
  expect(JSON.parse(added.stdout)).toMatchObject({ name: 'direct', rows: 6, shiftSeconds: 0 });
  expect(await foreshard('add', 'direct', '--csv', csv, '--direct')).toMatchObject({ exitCode: FAILED });
  const listed = await foreshard('list', '--direct', '--json');
  expect(JSON.parse(listed.stdout).clusters).toContainEqual(expect.objectContaining({ name: 'direct' }));
}, 60_000);

test('load that is longer than an edge takes is refused with the way for it', async () => {
  const long = await file('long.csv', HEAD, ...load(), ' '.repeat(LOAD_LENGTH_MAX));
  expect(await foreshard('import', 'legacy', '--csv', long)).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringContaining('use --direct'),
  });
});

test('a file with wrong lines is refused whole', async () => {
  const csv = await file('wrong.csv', HEAD, ...load(), 'soon,p,h,1');
  expect(await foreshard('add', 'wrong', '--csv', csv)).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringContaining('line 8: time: "soon" is no time'),
  });
  expect(await foreshard('show', 'wrong')).toMatchObject({ exitCode: BAD_INPUT });
});
