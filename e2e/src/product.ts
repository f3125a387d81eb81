/** The whole product, started the way people start it, over a folder and on ports of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@foreshard/local';
import { ADMINISTRATOR } from './signing-in.ts';

export interface Product {
  readonly dataDir: string;
  readonly edgeUrl: string;
  readonly consoleUrl: string;
  readonly token: string;
  readonly supervisor: ChildProcess;
  /** what it printed until it was ready, and a little after */
  output(): string;
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

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = 'apps/cli/src/main.ts';
const CLI = join(ROOT, PROGRAM);
const run = promisify(execFile);

/** `checkout`: of the release that is started. */
export async function startProduct(
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
  checkout = ROOT,
): Promise<Product> {
  const cli = join(checkout, PROGRAM);
  const env = { ...(await environmentOf(dataDir)), ...settings };
  // the channel ends it should this process die
  const supervisor = spawn(process.execPath, [cli, 'up'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const output = await whenReady(supervisor);
  const { edgeUrl, consoleUrl, token } = JSON.parse(
    await readFile(join(dataDir, 'credentials.json'), 'utf8'),
  );
  return {
    dataDir,
    edgeUrl,
    consoleUrl,
    token,
    supervisor,
    output,
    foreshard: (...args) => foreshard(env, args, cli),
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

async function foreshard(env: NodeJS.ProcessEnv, args: readonly string[], cli = CLI): Promise<Outcome> {
  try {
    return { code: 0, ...(await run(process.execPath, [cli, ...args], { env })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

async function environmentOf(dataDir: string): Promise<NodeJS.ProcessEnv> {
  const ports = { EDGE_PORT: await freePort(), WEB_PORT: await freePort(), WORKER_PORT: await freePort() };
  const own = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  const passwordFile = join(dirname(dataDir), 'administrator');
  await writeFile(passwordFile, ADMINISTRATOR.password, { mode: 0o600 });
  const administrator = {
    FORESHARD_ADMIN_EMAIL: ADMINISTRATOR.email,
    FORESHARD_ADMIN_PASSWORD_FILE: passwordFile,
  };
  // small hosts, so that a test can fill one
  const settings = { FORESHARD_DATA_DIR: dataDir, FORESHARD_HOST_MEMORY: '128mb' };
  return { ...process.env, ...own, ...administrator, ...settings };
}

async function whenReady(supervisor: ChildProcess): Promise<() => string> {
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
  return () => output;
}
