import { afterEach, beforeEach, expect, it } from 'vitest';
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
const EDGE = 'http://127.0.0.1:1';
let revoked: string[];
let made: number;
const tokens = {
  async make() {
    made += 1;
    return { id: `t-${made}`, plaintext: 'secret' };
  },
  revoke: async (id: string) => void revoked.push(id),
};
beforeEach(() => {
  [revoked, made] = [[], 0];
});
const runs: SampleRun[] = [];
afterEach(() => {
  for (const run of runs.splice(0)) run.kill();
});

/** A child process that speaks as the replay does. */
function runOf(script: string, asked: boolean[] = []): SampleRun {
  const command = { program: process.execPath, args: ['-e', script], cwd: '/', dataDir: '/nowhere' };
  const run = new SampleRun(EDGE, (goOn): ReplayCommand => {
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
  expect(await run.start(tokens)).toBe(true);
  await expect.poll(() => run.status).toMatchObject({ progress: { count: 2 }, rows: SAMPLE_ROWS });
  await ended(run).toBe('done');
  expect(run.status).toMatchObject({ result: RESULT });
});

it('runs one at a time', async () => {
  const run = runOf('setTimeout(() => {}, 60_000)');
  expect(await run.start(tokens)).toBe(true);
  expect(await run.start(tokens)).toBe(false);
});

it('stops when asked, says where, and goes on from there', async () => {
  const asked: boolean[] = [];
  const run = runOf(
    `process.on('SIGINT', () => { console.error('stopped after row 2'); process.exit(130); });
     console.error('sending: 2/3 (66%)'); setTimeout(() => {}, 60_000);`,
    asked,
  );
  await run.start(tokens);
  await expect.poll(() => run.status).toMatchObject({ progress: { count: 2 } });
  run.stop();
  expect(run.status).toMatchObject({ kind: 'running', stopping: true });
  await ended(run).toBe('stopped');
  expect(run.status).toMatchObject({ said: 'stopped after row 2' });
  await run.start(tokens);
  expect(asked).toEqual([false, true]);
});

it('tells why it failed, in the words of the command', async () => {
  const run = runOf(`console.error('no connection to the edge'); process.exit(1)`);
  await run.start(tokens);
  await ended(run).toBe('failed');
  expect(run.status).toMatchObject({ reason: 'no connection to the edge' });
});

it('shows the message of a crash, not its stack', async () => {
  const run = runOf(`throw new TypeError('no such trace')`);
  await run.start(tokens);
  await ended(run).toBe('failed');
  expect(run.status).toMatchObject({ reason: 'TypeError: no such trace' });
});

it('shows a mismatch as a result, although the command then fails', async () => {
  const run = runOf(
    `console.log(${JSON.stringify(JSON.stringify({ ...RESULT, stored: 2, ok: false }))}); process.exitCode = 1`,
  );
  await run.start(tokens);
  await ended(run).toBe('done');
  expect(run.status).toMatchObject({ result: { ok: false } });
});

it('has nothing to start without the command', async () => {
  const withoutCommand = new SampleRun(EDGE, () => undefined);
  await withoutCommand.start(tokens);
  expect([withoutCommand.status.kind, made]).toEqual(['failed', 0]);
});

it('has a token for each run, which is revoked at its end, however that comes', async () => {
  const run = runOf('console.error(process.env.FORESHARD_TOKEN); process.exit(1)');
  for (const id of ['t-1', 't-2']) {
    await run.start(tokens);
    await ended(run).toBe('failed');
    expect(run.status).toMatchObject({ reason: 'secret' });
    expect(revoked.at(-1)).toBe(id);
  }
});

it('is not started without a token, and says why', async () => {
  const run = runOf('process.exit(0)');
  await run.start({ ...tokens, make: async () => Promise.reject(new Error('PostgreSQL is away')) });
  expect(run.status).toMatchObject({ kind: 'failed', reason: expect.stringContaining('PostgreSQL is away') });
});

it('keeps apart from the replays a user starts by hand', () => {
  const command = replayCommand(false, { FORESHARD_DATA_DIR: '/data' } as unknown as NodeJS.ProcessEnv)!;
  expect(command.dataDir).toBe('/data/console');
  expect(command.args).toContain('--fresh');
  expect(replayCommand(true)!.args).not.toContain('--fresh');
});
