/**
 * Which process a remembered pid meant. Pids are used again, so a pid alone must never be signalled: it is
 * remembered with the time at which its process began.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface ProcessIdentity {
  readonly pid: number;
  /** opaque; the same as long as it is the same process */
  readonly began: string;
}

const run = promisify(execFile);
const POLL_MS = 50;
/** field 22 of /proc/PID/stat, counted from the first one behind the name, which may hold blanks itself */
const START_TIME_FIELD = 19;

/** undefined when no such process runs (a zombie does not run) */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const began = process.platform === 'linux' ? await startOnLinux(pid) : await startElsewhere(pid);
  return began === undefined ? undefined : { pid, began };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identityOf(identity.pid))?.began === identity.began;
}

/** Signals it if it is still the same process, and waits for its end. Answers whether it has ended. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  withinMs: number,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  if (!(await isRunning(identity))) return true;
  process.kill(identity.pid, signal);
  while (Date.now() < deadline) {
    if (!(await isRunning(identity))) return true;
    await sleep(POLL_MS);
  }
  return !(await isRunning(identity));
}

async function startOnLinux(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()} ${fields[START_TIME_FIELD]}`;
}

async function startElsewhere(pid: number): Promise<string | undefined> {
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.trim() === '' ? undefined : stdout.trim();
}
