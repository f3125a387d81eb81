/**
 * The processes of the running product, to be killed and paused. A killed one is the supervisor's business;
 * a paused one answers nobody and yet does not go away, which is how a server looks that hangs or is cut off.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findRedisTool } from '@foreshard/local';
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
  readonly dataDir: string;
  private readonly target: Target;
  private paused: number[] = [];

  constructor(dataDir: string, target: Target) {
    this.dataDir = dataDir;
    this.target = target;
  }

  async pidOf(name: string): Promise<number> {
    const { processes } = JSON.parse(await readFile(join(this.dataDir, 'run.json'), 'utf8'));
    const found = (processes as { name: string; pid: number }[]).find((process) => process.name === name);
    if (found === undefined) throw new Error(`there is no process ${name}`);
    return found.pid;
  }

  /** As the kernel does it when memory is short: nothing is finished, nothing is said. */
  async kill(name: string): Promise<void> {
    process.kill(await this.pidOf(name), 'SIGKILL');
  }

  /** Kills it and waits until the supervisor has started another one that answers. */
  async killAndAwaitNext(name: string): Promise<void> {
    const pid = await this.pidOf(name);
    process.kill(pid, 'SIGKILL');
    await until(`${name} to be started again`, async () => (await this.pidOf(name)) !== pid);
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

  async map(): Promise<MapDocument> {
    return (await this.get('/v1/map')).json() as Promise<MapDocument>;
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
      return isAtRest && (await foreshardBeside(this.dataDir, 'status')).code === 0;
    });
  }

  /** Answers what the server of this address says. */
  async redis(url: string, ...command: string[]): Promise<string> {
    const { program, env } = await findRedisTool('redis-cli');
    const { stdout } = await run(program, ['-u', url, ...command], { env });
    return stdout.trim();
  }

  /** The addresses as `up` has written them for clients of this machine. */
  async credentials(): Promise<{ redisUrl: string; workerUrl: string; hosts: string[] }> {
    return JSON.parse(await readFile(join(this.dataDir, 'credentials.json'), 'utf8'));
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
