/**
 * A process that must not outlive its owner. On Linux the kernel ends it when the owner dies, even by
 * SIGKILL (`setpriv --pdeathsig`); elsewhere an exit handler does what it can. It runs in a session of its
 * own, so that Ctrl-C in a terminal reaches only the owner, which then ends its processes in order. Its
 * output goes to a file, so that a full pipe never stops it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface ProcessSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** what asks it to end in an orderly way, quickly */
  readonly endSignal: NodeJS.Signals;
  /** run as this user (only root can) */
  readonly uid?: number | undefined;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface OwnedProcess {
  readonly spec: ProcessSpec;
  readonly pid: number;
  /** undefined while it runs */
  readonly end: ProcessEnd | undefined;
  readonly ended: Promise<ProcessEnd>;
  /** Asks it to end, and forces it when it takes longer than `graceMs`. */
  stop(graceMs?: number): Promise<ProcessEnd>;
  signal(signal: NodeJS.Signals): void;
}

/** Long enough for PostgreSQL to write its last checkpoint to a slow disk. */
const STOP_GRACE_MS = 30_000;
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

export async function runOwned(spec: ProcessSpec): Promise<OwnedProcess> {
  await mkdir(dirname(spec.logFile), { recursive: true });
  const log = await open(spec.logFile, 'a', 0o600);
  try {
    return await launch(spec, log);
  } finally {
    await log.close();
  }
}

async function launch(spec: ProcessSpec, log: FileHandle): Promise<OwnedProcess> {
  const [program, args] = boundToOwner(spec);
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: spec.env,
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
    ...(spec.uid === undefined ? {} : { uid: spec.uid, gid: spec.uid }),
  });
  let end: ProcessEnd | undefined;
  running.add(child);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      end = { code, signal };
      resolve(end);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    spec,
    pid: child.pid!,
    get end() {
      return end;
    },
    ended,
    stop: (graceMs = STOP_GRACE_MS) => stop(child, spec.endSignal, ended, graceMs),
    signal: (signal) => void child.kill(signal),
  };
}

/** The kernel forgets the request when the user changes, so setpriv runs after that, as the new user. */
function boundToOwner(spec: ProcessSpec): [string, string[]] {
  if (process.platform !== 'linux' || SETPRIV === undefined) return [spec.program, [...spec.args]];
  const signal = spec.endSignal.replace('SIG', '');
  return [SETPRIV, ['--pdeathsig', signal, '--', spec.program, ...spec.args]];
}

async function stop(
  child: ChildProcess,
  signal: NodeJS.Signals,
  ended: Promise<ProcessEnd>,
  graceMs: number,
): Promise<ProcessEnd> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}
