/** `foreshard hints` and `foreshard notifications`, as people type them, on a real edge with its stores. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RealEdge } from '../replay/real-edge.fixture.ts';

const DONE = 0;
const FAILED = 1;
const BAD_INPUT = 2;

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'hints');
}, 150_000);
afterAll(() => edge?.stop());

const foreshard = (...args: string[]) => edge.run(args);
const WHEN = ['--from', '2026-12-24T18:00:00+01:00', '--to', '2026-12-24T22:00:00+01:00'];

test('a hint is added, removed, and put back without an edge', async () => {
  const added = await foreshard('hints', 'add', ...WHEN, '--factor', '3', '--because', 'gifts', '--json');
  const { id, factor } = JSON.parse(added.stdout);
  expect(factor).toBe(3);
  expect((await foreshard('hints', 'remove', id)).stdout).toContain(`foreshard hints restore ${id}`);
  expect((await foreshard('hints')).stdout).toContain('no hint yet');
  expect((await foreshard('hints', 'list', '--removed')).stdout).toContain('removed by token:');
  expect(await foreshard('hints', 'restore', id, '--direct')).toMatchObject({
    ...{ exitCode: DONE, stdout: 'it counts again\n', stderr: expect.stringContaining('no edge') },
  });
  expect(await foreshard('hints', 'restore', id)).toMatchObject({ exitCode: BAD_INPUT });
}, 60_000);

test('what is wrong with a hint is named, whoever finds it', async () => {
  const wrong = await foreshard('hints', 'add', ...WHEN, '--because', 'gifts');
  expect(wrong).toMatchObject({ exitCode: BAD_INPUT, stderr: expect.stringContaining('factor: either') });
  const more = ['--factor', '3', '--because', 'gifts', '--stream', 'other'];
  for (const way of [[], ['--direct']])
    expect(await foreshard('hints', 'add', ...WHEN, ...more, ...way)).toMatchObject({
      ...{ exitCode: BAD_INPUT, stderr: expect.stringContaining('There is no stream "other"') },
    });
}, 60_000);

test('a target is added once, paused and removed', async () => {
  const add = () => foreshard('notifications', 'add', 'ops', 'https://8.8.8.8/hook');
  expect((await add()).stdout).toMatch(/secret .*: whsec_/);
  expect(await add()).toMatchObject({ exitCode: FAILED });
  expect((await foreshard('notifications', 'pause', 'ops')).stdout).toBe('ops is paused\n');
  const listed = await foreshard('notifications', 'list', '--json');
  expect(JSON.parse(listed.stdout).targets).toMatchObject([{ name: 'ops', enabled: false }]);
  expect((await foreshard('notifications', 'alarms')).exitCode).toBe(DONE);
  expect(await foreshard('notifications', 'remove', 'ops', '--direct')).toMatchObject({ exitCode: DONE });
  expect(await foreshard('notifications', 'remove', 'ops')).toMatchObject({ exitCode: BAD_INPUT });
}, 60_000);
