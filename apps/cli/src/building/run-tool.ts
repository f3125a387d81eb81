/** Runs a tool of the checkout to its end, with its output in a log; its last lines say why it failed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskFull, howItEnded, lastLines, SetupFailure } from '@foreshard/local';
import { BUILD_CACHE, ROOT } from '../checkout.ts';
import type { Environment } from '../credentials.ts';

export interface Tool {
  /** what it does, for people */
  readonly what: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
  readonly signal?: AbortSignal;
}

const LAST_LINES = 12;
const QUIET = {
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  CHECKPOINT_DISABLE: '1',
};

export async function runTool(tool: Tool): Promise<void> {
  await mkdir(dirname(tool.log), { recursive: true });
  const log = await open(tool.log, 'w', 0o600);
  const child = spawn(tool.program, tool.args, {
    cwd: ROOT,
    env: tool.env,
    stdio: ['ignore', log.fd, log.fd],
    ...(tool.signal === undefined ? {} : { signal: tool.signal }),
  });
  try {
    const [code, signal] = await once(child, 'exit');
    if (code !== 0) throw await failed(tool, howItEnded({ code, signal }));
  } finally {
    await log.close();
  }
}

/** A program of the packages here; none of them may report to anybody, or look for news of itself. */
export function buildTool(
  what: string,
  program: string,
  args: readonly string[],
  env: Environment,
  signal: AbortSignal | undefined,
): Tool {
  return {
    what,
    program: join(ROOT, 'node_modules/.bin', program),
    args,
    env: { ...process.env, ...QUIET, ...env },
    log: join(BUILD_CACHE, `${what.replaceAll(' ', '-')}.log`),
    ...(signal === undefined ? {} : { signal }),
  };
}

async function failed(tool: Tool, how: string): Promise<SetupFailure> {
  const details = await lastLines(tool.log, LAST_LINES);
  if (/ENOSPC|No space left/.test(details)) return diskFull(details);
  return new SetupFailure(`${tool.what} failed ${how}`, `see its log ${tool.log}, which ends:`, { details });
}
