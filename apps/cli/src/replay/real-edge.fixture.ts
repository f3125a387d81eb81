/**
 * A whole cluster of real servers and processes, and the command as its users run it: `command` in a process of its own,
 * `run` in one the first time that each command is given, and within this process when it is given again. Starting one
 * takes more than half a second of a processor, which was a quarter of the time of all contract tests.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, freePort, type LocalServer, startRedis } from '@foreshard/local';
import { migratedDatabase } from '../../../../packages/core/src/adapters/prisma/migrated-database.fixture.ts';
import { ROOT } from '../checkout.ts';
import { prepareCluster, whenOpen } from '../local/cluster.ts';
import { type CommandResult, runHere } from '../run-here.fixture.ts';

const CLI = join(ROOT, 'apps/cli/src/main.ts');
const READY_WITHIN_MS = 30_000;

export type { CommandResult };

export interface CommandRun {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandResult>;
}

export class RealEdge {
  readonly dataDir: string;
  readonly stores: { readonly databaseUrl: string; readonly redisUrl: string };
  private readonly servers: readonly LocalServer[];
  private readonly processes: ChildProcess[];
  private readonly env: Readonly<Record<string, string>>;
  /** commands that a process was started for */
  private readonly started = new Set<string>();
  private isRunningHere = false;

  /** `withPostgres`: one more host, a database of `postgresUrl`. */
  static async start(
    postgresUrl: string,
    hostCount: number,
    name = 'replay',
    withPostgres = false,
  ): Promise<RealEdge> {
    const dataDir = await mkdtemp(join(tmpdir(), `foreshard-${name}-`));
    const [databaseUrl, ...servers] = await Promise.all([
      migratedDatabase(postgresUrl, name),
      ...Array.from({ length: hostCount + 1 }, (_, i) => startRedis({ dir: join(dataDir, `redis-${i}`) })),
    ]);
    const [control, ...hosts] = servers as [LocalServer, ...LocalServer[]];
    const hostUrls = hosts.map((h) => h.url);
    if (withPostgres) hostUrls.push(await createDatabase(postgresUrl, `${name}_host_${process.pid}`));
    const hostNames = hostUrls.map((_, index) => `host-${index + 1}`);
    const stores = { databaseUrl, redisUrl: control.url, hostUrls, hostNames };
    const token = await prepareCluster(stores, dataDir);
    const ports = [await freePort(), await freePort()];
    const env = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: control.url,
      FORESHARD_DATA_DIR: dataDir,
      EDGE_PORT: String(ports[0]),
      WORKER_PORT: String(ports[1]),
      EDGE_REFRESH_MS: '300',
      FORESHARD_WEBHOOK_NETWORKS: '127.0.0.0/8',
      LOG_LEVEL: 'warn',
    };
    const processes = ['worker', 'edge'].map((app) => run([join(ROOT, 'apps', app, 'src/main.ts')], env));
    const edgeUrl = `http://127.0.0.1:${ports[0]}`;
    const edge = new RealEdge(dataDir, stores, servers, processes, env);
    await whenOpen(stores, () => {});
    await untilReady(`${edgeUrl}/readyz`);
    await writeFile(join(dataDir, 'credentials.json'), JSON.stringify({ edgeUrl, token, ...stores }));
    return edge;
  }

  private constructor(
    dataDir: string,
    stores: RealEdge['stores'],
    servers: readonly LocalServer[],
    processes: ChildProcess[],
    env: Readonly<Record<string, string>>,
  ) {
    this.dataDir = dataDir;
    this.stores = stores;
    this.servers = servers;
    this.processes = processes;
    this.env = env;
  }

  /** Runs `foreshard ...`; `input` goes to its stdin. */
  command(args: readonly string[], input?: string, more: Readonly<Record<string, string>> = {}): CommandRun {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, FORESHARD_DATA_DIR: this.dataDir, ...more },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(input ?? '');
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const ended = new Promise<CommandResult>((resolve) => {
      child.once('close', (exitCode) => resolve({ exitCode, stdout: stdout(), stderr: stderr() }));
    });
    return { process: child, ended };
  }

  /** Runs `foreshard ...` to its end; what goes to stdin, or is given while another one runs, has a process too. */
  async run(args: readonly string[], input?: string): Promise<CommandResult> {
    const name = args
      .slice(0, 2)
      .filter((word) => /^[a-z-]+$/.test(word))
      .join(' ');
    const isNew = !this.started.has(name);
    if (isNew || input !== undefined || this.isRunningHere) {
      this.started.add(name);
      return this.command(args, input).ended;
    }
    this.isRunningHere = true;
    try {
      return await runHere(args, { FORESHARD_DATA_DIR: this.dataDir });
    } finally {
      this.isRunningHere = false;
    }
  }

  /** As power loss would: its port is free again, and nobody was told. */
  async restartEdge(): Promise<void> {
    await killed(this.processes[1]!);
    this.processes[1] = run([join(ROOT, 'apps/edge/src/main.ts')], this.env);
  }

  async stopWorker(): Promise<void> {
    await killed(this.processes[0]!);
  }

  /** Also after it was stopped. */
  async restartWorker(): Promise<void> {
    await killed(this.processes[0]!);
    this.processes[0] = run([join(ROOT, 'apps/worker/src/main.ts')], this.env);
  }

  /** Its process is killed; it comes back as another run, and the worker readmits it. */
  async restartHost(number: number): Promise<void> {
    await this.killHost(number);
    await this.reviveHost(number);
  }

  async killHost(number: number): Promise<void> {
    await this.servers[number]!.kill('SIGKILL');
  }

  async reviveHost(number: number): Promise<void> {
    await this.servers[number]!.restart();
  }

  /** Of the only replay so far. */
  async stateFile(): Promise<string | undefined> {
    const dir = join(this.dataDir, 'replay');
    const names = await readdir(dir).catch((): string[] => []);
    const name = names.find((each) => each.endsWith('.json'));
    return name === undefined ? undefined : join(dir, name);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(killed));
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function untilReady(url: string): Promise<void> {
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.status === 200) return;
  }
  throw new Error(`${url} is not ready`);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
