/** send, tail and replay as their users run them, on a whole cluster. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CommandRun, RealEdge } from './real-edge.fixture.ts';

let edge: RealEdge;

beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 2);
}, 120_000);
afterAll(() => edge?.stop());

async function acknowledged(): Promise<number> {
  const path = await edge.stateFile();
  return path === undefined ? 0 : JSON.parse(await readFile(path, 'utf8')).acknowledged;
}

/** Until the replay has come so far; `false` when it ended before. */
async function hasReached(run: CommandRun, rows: number): Promise<boolean> {
  while (run.process.exitCode === null) {
    if ((await acknowledged()) >= rows) return true;
    await sleep(10);
  }
  return false;
}

describe('foreshard replay', () => {
  const ROWS = 20_000;
  const flights = ['replay', '--trace', 'flights', '--limit', String(ROWS), '--json'];

  it('goes on where it was stopped, killed, and cut off from its edge; all is stored once, in order', async () => {
    // about 4,000 rows a second: the trace has some 11 flights a minute at its beginning
    const slow = [...flights, '--speed', '20000'];
    const first = edge.command(slow);
    expect(await hasReached(first, 2_000)).toBe(true);
    first.process.kill('SIGINT');
    const stopped = await first.ended;
    expect(stopped.exitCode, stopped.stderr).toBe(130);
    expect(stopped.stderr).toMatch(/stopped after row \d+/);

    const second = edge.command(slow);
    const before = await acknowledged();
    expect(await hasReached(second, before + 2_000)).toBe(true);
    second.process.kill('SIGKILL');
    await second.ended;

    const third = edge.command(slow);
    const further = await acknowledged();
    expect(await hasReached(third, further + 2_000)).toBe(true);
    await edge.restartEdge();
    const done = await third.ended;
    expect(done.exitCode, done.stderr).toBe(0);
    expect(done.stderr).toMatch(/going on after row/);
    expect(JSON.parse(done.stdout)).toMatchObject({
      trace: 'flights',
      sent: ROWS,
      acknowledged: ROWS,
      stored: ROWS,
      duplicates: 0,
      perKeyOrderKept: true,
      globalOrderKept: true,
      ok: true,
      mismatches: [],
    });
  }, 120_000);

  it('verifies again without sending, and fails when rows are missing', async () => {
    const verifying = ['replay', '--trace', 'flights', '--verify-only', '--json'];
    const again = await edge.command(verifying).ended;
    expect(again.exitCode, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ stored: ROWS, ok: true });

    const path = (await edge.stateFile())!;
    const state = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...state, acknowledged: ROWS + 5 }));
    const wrong = await edge.command(verifying).ended;
    await writeFile(path, JSON.stringify(state));
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toMatch(/MISMATCH: 5 acknowledged rows are not stored/);
    expect(wrong.stderr).toMatch(/row 20001 was not found/);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ ok: false });
  }, 60_000);

  it('loses nothing when a host is killed on the way, nor does a follower of the log', async () => {
    await rm((await edge.stateFile())!);
    const follower = edge.command(['tail', '--json', '--limit', '6000']);
    await sleep(1_500);
    const args = ['replay', '--trace', 'flights', '--limit', '6000', '--speed', '20000', '--json'];
    const run = edge.command(args);
    expect(await hasReached(run, 1_000)).toBe(true);
    await edge.restartHost(1);
    const done = await run.ended;
    expect(done.exitCode, done.stderr).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ sent: 6_000, stored: 6_000, duplicates: 0, ok: true });
    const followed = await follower.ended;
    expect(followed.exitCode, followed.stderr).toBe(0);
    const ids = followed.stdout
      .trim()
      .split('\n')
      .map((line) => Number(JSON.parse(line).event.id));
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 6_000 }, (_, i) => i + 1));
  }, 120_000);

  it('begins anew under another source with --fresh', async () => {
    const done = await edge.command([
      'replay',
      '--trace',
      'flights',
      '--speed',
      'max',
      '--limit',
      '500',
      '--fresh',
      '--json',
    ]).ended;
    expect(done.exitCode, done.stderr).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ sent: 500, stored: 500, ok: true });
  });

  it("plays a user's own trace; bad rows are named by their line", async () => {
    const file = join(edge.dataDir, 'own.csv');
    await writeFile(
      file,
      'timestamp,key,op\n2020-01-01,a,read\nsoon,b,read\n2020-01-02,c,write\n2020-01-03,,read\n',
    );
    const done = await edge.command(['replay', '--trace', file, '--speed', 'max', '--json']).ended;
    expect(done.exitCode, done.stderr).toBe(2);
    expect(done.stderr).toMatch(/line 3: "soon" is no time/);
    expect(done.stderr).toMatch(/line 5: the key is empty/);
    expect(JSON.parse(done.stdout)).toMatchObject({ sent: 2, acknowledged: 2, stored: 2, ok: true });
    // nothing is left to send, and nothing is sent again
    const again = JSON.parse((await edge.command(['replay', '--trace', file, '--json']).ended).stdout);
    expect(again).toMatchObject({ sent: 2, stored: 2, duplicates: 0, ok: true });
  });

  it.each([
    [['replay', '--trace', 'absent.csv'], /no file absent\.csv/],
    [['replay', '--trace', 'flights', '--speed', '0'], /above 0/],
    [['replay', '--trace', 'flights', '--stream', 'nowhere'], /404.*nowhere/],
  ])('refuses %j as bad input', async (args, message) => {
    const done = await edge.command(args).ended;
    expect(done.exitCode).toBe(2);
    expect(done.stderr).toMatch(message);
  });
});

describe('foreshard send and tail', () => {
  function event(id: number, subject = `s${id % 3}`): string {
    return JSON.stringify({ specversion: '1.0', id: `e${id}`, source: '/send', type: 'sent', subject });
  }

  it('stores a file of events, once however often it is sent, and names the lines that are none', async () => {
    const file = join(edge.dataDir, 'events.ndjson');
    const lines = Array.from({ length: 2_500 }, (_, i) => event(i));
    await writeFile(file, `${lines.join('\n')}\n`);
    const first = await edge.command(['send', file, '--json']).ended;
    expect(first.exitCode, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      lines: 2_500,
      stored: 2_500,
      duplicates: 0,
      refused: 0,
    });
    const again = await edge.command(['send', file, '--json']).ended;
    expect(JSON.parse(again.stdout)).toMatchObject({ stored: 0, duplicates: 2_500 });

    const input = [event(9_000), 'no json', '', '{"id":"x"}', event(9_001)].join('\n');
    const mixed = await edge.command(['send', '-', '--json'], input).ended;
    expect(mixed.exitCode).toBe(2);
    expect(mixed.stderr).toMatch(/line 2: this is no JSON object/);
    expect(mixed.stderr).toMatch(/line 4: .*specversion/);
    expect(JSON.parse(mixed.stdout)).toMatchObject({ stored: 2, refused: 2 });
  }, 60_000);

  it('follows the log and one key', async () => {
    const args = ['tail', '--json', '--limit', '5'];
    const log = edge.command([...args]);
    const key = edge.command([...args, '--key', 'tailed']);
    await sleep(2_000);
    const sent = Array.from({ length: 5 }, (_, i) => event(50_000 + i, 'tailed'));
    await edge.command(['send', '-'], sent.join('\n')).ended;
    for (const run of [log, key]) {
      const { exitCode, stdout, stderr } = await run.ended;
      expect(exitCode, stderr).toBe(0);
      const ids = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event.id);
      expect(ids).toEqual(['e50000', 'e50001', 'e50002', 'e50003', 'e50004']);
      expect(stderr).toMatch(/go on with --from \S+/);
    }
    const oldest = await edge.command([
      'tail',
      '--from',
      'oldest',
      '--key',
      'tailed',
      '--limit',
      '2',
      '--utc',
    ]).ended;
    expect(oldest.stdout).toMatch(/^\d{4}-\S+Z {2}\d+\/\d+ {2}sent {2}tailed {2}e50000\n.*e50001\n$/);
  }, 60_000);

  it('ends quietly when nobody reads any more', async () => {
    const run = edge.command(['tail', '--from', 'oldest']);
    run.process.stdout!.once('data', () => run.process.stdout!.destroy());
    expect((await run.ended).exitCode).toBe(0);
  });

  it('says what is missing when there is no edge or no token', async () => {
    const done = await edge.command(['send', '/nowhere.ndjson']).ended;
    expect([done.exitCode, done.stderr]).toEqual([2, 'foreshard: there is no file /nowhere.ndjson\n']);
  });
});
