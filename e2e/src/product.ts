/** The whole product, started the way people start it, over a folder and on ports of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@foreshard/local';

export interface Product {
  readonly dataDir: string;
  readonly edgeUrl: string;
  readonly consoleUrl: string;
  readonly token: string;
  readonly supervisor: ChildProcess;
  /** Runs `foreshard ARGS` beside it. */
  foreshard(...args: string[]): Promise<Outcome>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const run = promisify(execFile);

export async function startProduct(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const env = { ...(await environmentOf(dataDir)), ...settings };
  // the channel ends it should this process die
  const supervisor = spawn(process.execPath, [CLI, 'up'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await whenReady(supervisor);
  const { edgeUrl, consoleUrl, token } = JSON.parse(
    await readFile(join(dataDir, 'credentials.json'), 'utf8'),
  );
  return {
    dataDir,
    edgeUrl,
    consoleUrl,
    token,
    supervisor,
    foreshard: (...args) => foreshard(env, args),
    stop: async () => {
      if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
      supervisor.kill('SIGTERM');
      await once(supervisor, 'exit');
    },
  };
}

/** For a test that did not start the product itself. */
export function foreshardBeside(dataDir: string, ...args: string[]): Promise<Outcome> {
  return foreshard({ ...process.env, FORESHARD_DATA_DIR: dataDir }, args);
}

async function foreshard(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Outcome> {
  try {
    return { code: 0, ...(await run(process.execPath, [CLI, ...args], { env })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

async function environmentOf(dataDir: string): Promise<NodeJS.ProcessEnv> {
  const ports = { EDGE_PORT: await freePort(), WEB_PORT: await freePort(), WORKER_PORT: await freePort() };
  const own = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  // small hosts, so that a test can fill one
  return { ...process.env, ...own, FORESHARD_DATA_DIR: dataDir, FORESHARD_HOST_MEMORY: '128mb' };
}

async function whenReady(supervisor: ChildProcess): Promise<void> {
  let output = '';
  const ready = new Promise<void>((resolve) => {
    supervisor.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Foreshard is ready')) resolve();
    });
  });
  const ended = once(supervisor, 'exit').then(([code]) => {
    throw new Error(`the product ended at its start with exit code ${code}; its words are above`);
  });
  // it ends one day anyway
  ended.catch(() => {});
  await Promise.race([ready, ended]);
}
