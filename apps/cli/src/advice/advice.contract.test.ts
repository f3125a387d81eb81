/** Recommendations, the policy and the models as people decide about them, through an edge and without one. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Control, openControl } from '../composition.ts';
import { type CommandResult, RealEdge } from '../replay/real-edge.fixture.ts';

const DONE = 0;
const FAILED = 1;
const BAD_INPUT = 2;

let edge: RealEdge;
let control: Control;

beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 2, 'advice');
  control = await openControl(edge.stores);
  // what would be recommended if a host were lost, as if it were; a plan of how it is would withdraw it
  const { plan } = await json('what-if', '--lose', '1');
  await edge.stopWorker();
  await control.recommendations.record({ ...plan, pressures: [] }, { policyVersion: 1, nowMs: Date.now() });
}, 150_000);
afterAll(async () => {
  await control?.close();
  await edge?.stop();
});

function foreshard(...args: string[]): Promise<CommandResult> {
  return edge.run(args);
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
async function json(...args: string[]): Promise<any> {
  const { exitCode, stdout, stderr } = await foreshard(...args, '--json');
  expect(exitCode, stderr).toBe(DONE);
  return JSON.parse(stdout);
}

/** The number of one. */
async function proposed(): Promise<string> {
  const { recommendations } = await json('recommendations');
  return String(recommendations[0].id);
}

test('what the policy forbids ends with 1 on either way, and what is not there with 2', async () => {
  const first = await proposed();
  for (const way of [[], ['--direct']]) {
    expect(await foreshard('approve', first, ...way)).toMatchObject({
      exitCode: FAILED,
      stderr: expect.stringContaining('the policy only forecasts'),
    });
    expect(await foreshard('approve', first, '4711', ...way)).toMatchObject({
      exitCode: BAD_INPUT,
      stderr: expect.stringContaining('There is no recommendation 4711'),
    });
  }
  expect(await foreshard('recommendations')).toMatchObject({
    exitCode: DONE,
    stderr: expect.stringContaining('none of these can be approved'),
  });
}, 60_000);

test('the policy is tried, changed by who has seen the newest, and taken back', async () => {
  expect(await foreshard('policy', 'change', 'mode=ask', '--dry-run')).toMatchObject({
    ...{ exitCode: DONE, stdout: 'would change mode="ask"\n' },
  });
  expect(await foreshard('policy', 'change', 'mode=ask')).toMatchObject({
    ...{ exitCode: DONE, stdout: 'version 1: mode="ask"\n' },
  });
  expect(await foreshard('policy', 'change', 'host.fullness=0.7', '--from', '0')).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringContaining('changed the policy meanwhile'),
  });
  expect(await foreshard('policy', 'change', 'host.fullness=7')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await foreshard('policy', 'rollback', '9')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await json('policy', 'rollback', '0', '--direct', '--dry-run')).toMatchObject({ version: 2 });
  const { holding } = await json('policy');
  expect(holding).toMatchObject({ version: 1, policy: { mode: 'ask' } });
}, 60_000);

test('what was proposed is approved for later, and the approval taken back', async () => {
  const first = await proposed();
  const when = ['--at', '2099-01-01T04:00:00+01:00'];
  expect(await json('approve', first, ...when)).toMatchObject({
    results: [{ recommendation: Number(first), result: 'approved', notBefore: '2099-01-01T03:00:00.000Z' }],
  });
  expect(await foreshard('approve', first, ...when)).toMatchObject({
    exitCode: FAILED,
    stderr: expect.stringContaining('is approved already'),
  });
  expect(await foreshard('reject', first, '--reason', 'on second thought')).toMatchObject({
    ...{ exitCode: DONE, stdout: `${first} rejected\n` },
  });
  expect(await json('recommendations', 'show', first)).toMatchObject({ state: 'rejected' });
}, 60_000);

test('models and jobs are asked for over the edge', async () => {
  expect(await json('forecasts', 'list')).toEqual({ versions: [], champion: null });
  expect(await foreshard('forecasts', 'list', '--stream', 'mian')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await foreshard('forecasts', 'promote', '4711')).toMatchObject({ exitCode: BAD_INPUT });
  expect(await foreshard('forecasts', 'rollback')).toMatchObject({
    exitCode: BAD_INPUT,
    stderr: expect.stringContaining('no earlier champion'),
  });
  expect(await json('jobs', 'run', 'plan')).toEqual({ job: 'plan' });
  expect(await foreshard('jobs', 'run', 'nothing')).toMatchObject({ exitCode: BAD_INPUT });
}, 60_000);
