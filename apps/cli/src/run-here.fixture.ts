/** The command without a process of its own: starting one takes more than half a second of a processor. */
import { vi } from 'vitest';
import { runForeshard } from './program.ts';

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `foreshard ARGS` in this process, and answers what one of its own would have written and ended with. */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk: unknown, done?: unknown) => {
      written[name] += String(chunk);
      if (typeof done === 'function') done();
      return true;
    }),
  );
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { exitCode } = process;
  process.exitCode = undefined;
  try {
    return { exitCode: await runForeshard(['node', 'foreshard', ...args]), ...written };
  } finally {
    process.exitCode = exitCode;
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}
