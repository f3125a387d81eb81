/** The two commands as a user meets them: what runs, what survives, and that nothing is left behind. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity, temporaryFolder } from '@foreshard/local';
import { describe, expect, inject, it } from 'vitest';
import { foreshardBeside, type Product, startProduct } from './product.ts';

const dataDir = inject('dataDir');

interface Status {
  readonly ready: boolean;
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly state: string }[];
}

async function status(dir = dataDir): Promise<Status> {
  return JSON.parse((await foreshardBeside(dir, 'status', '--json')).stdout);
}

async function recordedProcesses(dir: string): Promise<(ProcessIdentity & { name: string })[]> {
  return JSON.parse(await readFile(join(dir, 'run.json'), 'utf8')).processes;
}

async function until(condition: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1000} s`);
    await sleep(100);
  }
}

describe('a product that runs', () => {
  it('has PostgreSQL, a control Redis, four hosts, edge, worker and console, all ready', async () => {
    const { ready, processes } = await status();
    expect(processes.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      'console ready',
      'control-redis ready',
      'edge ready',
      'host-1 ready',
      'host-2 ready',
      'host-3 ready',
      'host-4 ready',
      'postgres ready',
      'worker ready',
    ]);
    expect(ready).toBe(true);
  });

  it('keeps its credentials to its owner', async () => {
    expect((await stat(join(dataDir, 'credentials.json'))).mode & 0o777).toBe(0o600);
  });

  it('is found, not started again, by a second start', async () => {
    const second = await foreshardBeside(dataDir, 'up');
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining(inject('edgeUrl')) });
    expect(second.stdout).toContain('is running already');
  });

  it('is healthy to the doctor', async () => {
    const { code, stdout } = await foreshardBeside(dataDir, 'doctor', '--json');
    const findings = JSON.parse(stdout).filter((finding: { level: string }) => finding.level !== 'ok');
    expect(findings).toEqual([]);
    expect(code).toBe(0);
  });

  it.each(['host-4', 'postgres'])('tells that %s is frozen: it runs, and is not ready', async (server) => {
    const { pid } = (await status()).processes.find(({ name }) => name === server)!;
    process.kill(pid, 'SIGSTOP');
    try {
      const { ready, processes } = await status();
      expect(processes.find(({ name }) => name === server)).toMatchObject({ pid, state: 'alive' });
      expect(ready).toBe(false);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until(async () => (await status()).ready, 30_000);
  });

  it('gets an edge that was killed back', async () => {
    const edge = (await status()).processes.find(({ name }) => name === 'edge')!;
    process.kill(edge.pid, 'SIGKILL');
    await until(async () => {
      const now = await status();
      return now.ready && now.processes.some(({ name, pid }) => name === 'edge' && pid !== edge.pid);
    }, 30_000);
  });
});

describe('streams on the command line', () => {
  it('are created, changed, listed and deleted', async () => {
    const run = (...args: string[]) => foreshardBeside(dataDir, 'streams', ...args);
    expect(await run('create', 'orders', '--shards', '8', '--retention', '7d')).toMatchObject({ code: 0 });
    expect(await run('create', 'orders')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exists'),
    });
    expect(await run('alter', 'orders', '--retention', 'none', '--dedup-window', '1h')).toMatchObject({
      code: 0,
    });
    const listed = JSON.parse((await run('list', '--json')).stdout);
    expect(listed.streams).toContainEqual(
      expect.objectContaining({ name: 'orders', shardCount: 8, retentionMs: null, dedupWindowMs: 3_600_000 }),
    );
    expect(await run('delete', 'orders')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes'),
    });
    // only shardlets at rest can go: the worker opens them within its round
    await until(async () => (await run('delete', 'orders', '--yes')).code === 0, 30_000);
    expect(JSON.parse((await run('list', '--json')).stdout).streams).toHaveLength(1);
  });
});

describe('bad input on the command line', () => {
  it.each([
    [['nonsense'], /unknown command/],
    [['hosts', 'add', 'http://127.0.0.1'], /redis:\/\/ or postgresql:\/\//],
    [['streams', 'create', 'Big!'], /stream name/],
    [['streams', 'alter', 'absent', '--retention', '1d'], /no stream absent/],
    [['streams', 'create', 'x', '--retention', 'soon'], /--retention/],
  ])('%j ends with 2 and one clear line', async (args, message) => {
    const { code, stderr, stdout } = await foreshardBeside(dataDir, ...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    ['rest.cooldown=5', 'the policy has no setting "rest.cooldown" (shardlet.cooldown?)'],
    ['nothing=5', 'the policy has no setting "nothing"; all of them'],
    ['shardlet.cooldown', '"shardlet.cooldown" has no value'],
  ])('refuses to change %s, and says what is meant', async (setting, why) => {
    const { code, stderr } = await foreshardBeside(dataDir, 'policy', 'change', setting);
    expect(code).toBe(2);
    expect(stderr).toContain(why);
  });

  it('is told that a stream is not there of which the policy says something', async () => {
    const scopes = 'scopes=[{"stream":"mian","mode":"ask"}]';
    const { code, stderr } = await foreshardBeside(dataDir, 'policy', 'change', scopes, '--dry-run');
    expect(stderr).toContain('there is no stream mian');
    expect(code).toBe(0);
  });
});

/**
 * What the plan stands on: four times what all hosts carry, as the plan looks at the last five minutes, and every
 * minute that passes after the import is one without load.
 */
async function untilHostIsAsked({ dataDir: dir, foreshard }: Product): Promise<string> {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const rows = Array.from(
    { length: 10 },
    (_, i) => `${new Date(now - (10 - i) * 60_000).toISOString()},24000`,
  );
  await writeFile(join(dir, 'load.csv'), `timestamp,value\n${rows.join('\n')}\n`);
  const imported = await foreshard('import-history', '--trace', join(dir, 'load.csv'), '--shift', 'none');
  expect(imported).toMatchObject({ code: 0 });
  const settings = ['mode=ask', 'capacity.events_per_second=25', 'scaling.hosts_max=5'];
  expect(await foreshard('policy', 'change', ...settings)).toMatchObject({ code: 0 });
  let id = '';
  await until(async () => {
    const { recommendations } = JSON.parse((await foreshard('recommendations', '--json')).stdout);
    const adds = ({ proposal }: { proposal: { action: string } }) => proposal.action === 'add-hosts';
    id = String(recommendations.find(adds)?.id ?? '');
    return id !== '';
  }, 90_000);
  return id;
}

it('adds a host that was approved, leaves no process behind when the supervisor is killed, and starts again over the same data', async () => {
  const folder = await temporaryFolder('killed');
  try {
    const first = await startProduct(join(folder.path, 'data'), { FORESHARD_HOST_PROVIDER: 'local' });
    expect(await recordedProcesses(first.dataDir)).toHaveLength(9);
    const asked = await untilHostIsAsked(first);
    expect(await first.foreshard('approve', asked)).toMatchObject({ code: 0 });
    await until(
      async () => (await first.foreshard('recommendations', 'show', asked)).stdout.includes('host-5 joined'),
      30_000,
    );
    const processes = await recordedProcesses(first.dataDir);
    expect(processes.map(({ name }) => name)).toContain('host-5');
    first.supervisor.kill('SIGKILL');
    await until(async () => !(await Promise.all(processes.map(isRunning))).includes(true), 40_000);
    const second = await startProduct(join(folder.path, 'data'));
    expect(second.token).toBe(first.token);
    const later = await recordedProcesses(second.dataDir);
    expect(later).toHaveLength(10);
    expect(await second.foreshard('down')).toMatchObject({ code: 0 });
    expect(await Promise.all(later.map(isRunning))).not.toContain(true);
    expect(await second.foreshard('status')).toMatchObject({
      code: 1,
      stdout: 'Foreshard is not running.\n',
    });
  } finally {
    await folder.remove();
  }
});
