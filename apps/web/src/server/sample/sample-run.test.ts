import { afterEach, expect, it } from 'vitest';
import type { ReplayCommand } from './replay-command.ts';
import { replayCommand, SAMPLE_ROWS } from './replay-command.ts';
import { parseProgress } from './replay-output.ts';
import { SampleRun } from './sample-run.ts';

const RESULT = {
  sent: 3,
  acknowledged: 3,
  stored: 3,
  perKeyOrderKept: true,
  globalOrderKept: true,
  eventsPerSecond: 10,
  ok: true,
  mismatches: [],
};
const target = { edgeUrl: 'http://127.0.0.1:1', token: 'secret' };
const runs: SampleRun[] = [];
afterEach(() => {
  for (const run of runs.splice(0)) run.kill();
});

/** A child process that speaks as the replay does. */
function runOf(script: string, asked: boolean[] = []): SampleRun {
  const command = { program: process.execPath, args: ['-e', script], cwd: '/', dataDir: '/nowhere' };
  const run = new SampleRun(target, (goOn): ReplayCommand => {
    asked.push(goOn);
    return command;
  });
  runs.push(run);
  return run;
}

const ended = (run: SampleRun) => expect.poll(() => run.status.kind, { timeout: 5_000 });

it('reads the lines the replay writes', () => {
  expect(parseProgress('sending: 12345/100000 (12%), 850 events/s, 2 min left')).toEqual({
    phase: 'sending',
    count: 12_345,
    eventsPerSecond: 850,
  });
  expect(parseProgress('reading back: 700/100000 (0%)')).toEqual({
    phase: 'reading',
    count: 700,
    eventsPerSecond: null,
  });
  expect(parseProgress('going on after row 7; --fresh begins anew')).toBeUndefined();
});

it('shows progress, then what was proved', async () => {
  const run = runOf(`
    console.error('sending: 2/3 (66%), 10 events/s');
    setTimeout(() => console.log(${JSON.stringify(JSON.stringify(RESULT))}), 300);
  `);
  expect(run.start()).toBe(true);
  await expect.poll(() => run.status).toMatchObject({ progress: { count: 2 }, rows: SAMPLE_ROWS });
  await ended(run).toBe('done');
  expect(run.status).toMatchObject({ result: RESULT });
});

it('runs one at a time', async () => {
  const run = runOf('setTimeout(() => {}, 60_000)');
  expect(run.start()).toBe(true);
  expect(run.start()).toBe(false);
});

it('stops when asked, says where, and goes on from there', async () => {
  const asked: boolean[] = [];
  const run = runOf(
    `process.on('SIGINT', () => { console.error('stopped after row 2'); process.exit(130); });
     console.error('sending: 2/3 (66%)'); setTimeout(() => {}, 60_000);`,
    asked,
  );
  run.start();
  await expect.poll(() => run.status).toMatchObject({ progress: { count: 2 } });
  run.stop();
  expect(run.status).toMatchObject({ kind: 'running', stopping: true });
  await ended(run).toBe('stopped');
  expect(run.status).toMatchObject({ said: 'stopped after row 2' });
  run.start();
  expect(asked).toEqual([false, true]);
});

it('tells why it failed, in the words of the command', async () => {
  const run = runOf(`console.error('no connection to the edge'); process.exit(1)`);
  run.start();
  await ended(run).toBe('failed');
  expect(run.status).toMatchObject({ reason: 'no connection to the edge' });
});

it('shows the message of a crash, not its stack', async () => {
  const run = runOf(`throw new TypeError('no such trace')`);
  run.start();
  await ended(run).toBe('failed');
  expect(run.status).toMatchObject({ reason: 'TypeError: no such trace' });
});

it('shows a mismatch as a result, although the command then fails', async () => {
  const run = runOf(
    `console.log(${JSON.stringify(JSON.stringify({ ...RESULT, stored: 2, ok: false }))}); process.exitCode = 1`,
  );
  run.start();
  await ended(run).toBe('done');
  expect(run.status).toMatchObject({ result: { ok: false } });
});

it('has nothing to start without a token or without the command', () => {
  const withoutToken = new SampleRun({ ...target, token: undefined }, () => replayCommand(false));
  withoutToken.start();
  expect(withoutToken.status).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('FORESHARD_TOKEN'),
  });
  const withoutCommand = new SampleRun(target, () => undefined);
  withoutCommand.start();
  expect(withoutCommand.status.kind).toBe('failed');
});

it('keeps apart from the replays a user starts by hand', () => {
  const command = replayCommand(false, { FORESHARD_DATA_DIR: '/data' } as unknown as NodeJS.ProcessEnv)!;
  expect(command.dataDir).toBe('/data/console');
  expect(command.args).toContain('--fresh');
  expect(replayCommand(true)!.args).not.toContain('--fresh');
});
