/** Starting the processes of a bench, and reading the one JSON line a load client prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Child {
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export function start(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await once(child, 'exit');
      clearTimeout(killer);
    },
  };
}

/** Runs a script to its end and parses its last line of output. */
export async function run<T>(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const child = start(script, args, env);
  let output = '';
  child.process.stdout!.on('data', (chunk) => (output += chunk));
  const [code] = await once(child.process, 'close');
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${output.slice(-500)}`);
  return JSON.parse(output.trim().split('\n').at(-1)!) as T;
}

export async function waitUntil(what: string, limitMs: number, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await check().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
