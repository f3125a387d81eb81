/**
 * The processes of the running product, to be killed and paused. A killed one is the supervisor's business;
 * a paused one answers nobody and yet does not go away, which is how a server looks that hangs or is cut off.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endProcess, findRedisTool, type ProcessIdentity } from '@foreshard/local';
import { foreshardBeside } from '../product.ts';
import type { Target } from './load.ts';

export interface MapDocument {
  readonly version: number;
  readonly hosts: readonly {
    readonly id: number;
    readonly name: string;
    readonly address: string;
    readonly state: string;
  }[];
  readonly shardlets: readonly {
    readonly id: number;
    readonly owner: number;
    readonly epoch: number;
    readonly state: string;
  }[];
}

const run = promisify(execFile);
const POLL_MS = 50;
/** A server that reads its data back and a readmission take seconds on a busy machine. */
const HEALED_WITHIN_MS = 60_000;
const AT_REST = ['open', 'closed', 'gone'];

export class Cluster {
  private readonly dataDir: string;
  private readonly target: Target;
  private paused: number[] = [];

  constructor(dataDir: string, target: Target) {
    this.dataDir = dataDir;
    this.target = target;
  }

  private async pidOf(name: string): Promise<number> {
    return (await this.processNamed(name)).pid;
  }

  /** As the kernel does it when memory is short: nothing is finished. Waits until the next one answers. */
  async killAndAwaitNext(name: string): Promise<void> {
    const killed = await this.processNamed(name);
    await endProcess(killed, 'SIGKILL', HEALED_WITHIN_MS);
    await until(`${name} to be started again`, async () => (await this.pidOf(name)) !== killed.pid);
  }

  /** With all processes it has started; PostgreSQL has one a connection. */
  async pause(name: string): Promise<void> {
    const pid = await this.pidOf(name);
    this.stop(pid);
    for (const child of await childrenOf(pid)) this.stop(child);
  }

  resume(): void {
    for (const pid of this.paused.reverse()) process.kill(pid, 'SIGCONT');
    this.paused = [];
  }

  /** A log of its own keeps what is read back small, whatever other tests have stored. */
  async createStream(): Promise<void> {
    await this.foreshard('streams', 'create', this.target.stream);
    await this.whenHealed();
  }

  /** Only shardlets at rest can go. */
  deleteStream(): Promise<void> {
    return until('the stream to be deleted', async () => {
      await this.foreshard('streams', 'delete', this.target.stream, '--yes');
      return true;
    });
  }

  /** Of the stream of the test. */
  async map(): Promise<MapDocument> {
    return (await this.get(`/v1/map?stream=${this.target.stream}`)).json() as Promise<MapDocument>;
  }

  /** ms since the edge heard from PostgreSQL. */
  async mapAgeMs(): Promise<number> {
    return ((await (await this.get('/readyz')).json()) as { mapAgeMs: number }).mapAgeMs;
  }

  async logLines(name: string): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(this.dataDir, 'logs', `${name}.log`), 'utf8');
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line));
  }

  /** Every process is ready, every host in use, every shardlet at rest. */
  async whenHealed(): Promise<void> {
    await until('the cluster to be healed', async () => {
      const { hosts, shardlets } = await this.map();
      const isAtRest =
        hosts.every(({ state }) => state === 'active') &&
        shardlets.every(({ state }) => AT_REST.includes(state));
      if (isAtRest) await this.foreshard('status');
      return isAtRest;
    });
  }

  /** Answers what the server of this address says to `admin`: the product itself may do less. */
  async redis(url: string, ...command: string[]): Promise<string> {
    const { program, env } = await findRedisTool('redis-cli');
    const { port } = new URL(url);
    const { ports } = JSON.parse(await readFile(join(this.dataDir, 'state.json'), 'utf8'));
    const name = Object.keys(ports).find((one) => String(ports[one]) === port)!;
    const folder = name === 'control-redis' ? name : join('hosts', name);
    const users = JSON.parse(await readFile(join(this.dataDir, folder, 'users.json'), 'utf8'));
    const { stdout } = await run(program, ['--user', 'admin', '-p', port, ...command], {
      env: { ...env, REDISCLI_AUTH: users.admin },
    });
    return stdout.trim();
  }

  /** The addresses as `up` has written them for clients of this machine. */
  async credentials(): Promise<{
    databaseUrl: string;
    redisUrl: string;
    workerUrl: string;
    hosts: string[];
  }> {
    return JSON.parse(await readFile(join(this.dataDir, 'credentials.json'), 'utf8'));
  }

  private async processNamed(name: string): Promise<ProcessIdentity> {
    const { processes } = JSON.parse(await readFile(join(this.dataDir, 'run.json'), 'utf8'));
    const found = (processes as (ProcessIdentity & { name: string })[]).find((p) => p.name === name);
    if (found === undefined) throw new Error(`there is no process ${name}`);
    return found;
  }

  /** The command, as people type it; answers what it prints. */
  async foreshard(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await foreshardBeside(this.dataDir, ...args);
    if (code !== 0) throw new Error(`foreshard ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  }

  private stop(pid: number): void {
    process.kill(pid, 'SIGSTOP');
    this.paused.push(pid);
  }

  private get(path: string): Promise<Response> {
    const { edgeUrl, token } = this.target;
    return fetch(edgeUrl + path, { headers: { authorization: `Bearer ${token}` } });
  }
}

/** Errors count as "not yet": what is asked may be just what is down. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = HEALED_WITHIN_MS,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`waited ${withinMs / 1000} s in vain for ${what}`, { cause: last });
    await sleep(POLL_MS);
  }
}

/** The kernel of Linux tells it; elsewhere there is a `pgrep`. */
async function childrenOf(pid: number): Promise<number[]> {
  const text =
    process.platform === 'linux'
      ? await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
      : (await run('pgrep', ['-P', String(pid)])).stdout;
  return text.trim() === '' ? [] : text.trim().split(/\s+/).map(Number);
}
