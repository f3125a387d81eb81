/**
 * A storage server on this machine, for one product start or one test: started until it answers, stopped
 * in order, killed and restarted on the same port and folder.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OwnedProcess, type ProcessEnd, type ProcessSpec, runOwned } from './owned-process.ts';
import { SetupFailure } from './setup-failure.ts';

export interface LocalServer {
  readonly url: string;
  readonly port: number;
  /** of the process that runs now */
  readonly pid: number;
  /** where its data are */
  readonly dir: string;
  readonly logFile: string;
  /** resolves when the process that runs now has ended, wanted or not */
  readonly ended: Promise<ProcessEnd>;
  stop(): Promise<void>;
  /** Waits until it is gone, unless the signal only pauses or continues it. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it if it still runs, starts it again on the same port and data, and waits until it answers. */
  restart(): Promise<void>;
}

export interface ServerPlan {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly spec: ProcessSpec;
  /** throws, or answers false, while the server is not ready */
  answers(): Promise<boolean>;
  /** what its log says when it refuses to start for something that is over in seconds */
  readonly passing?: RegExp;
}

const READY_POLL_MS = 25;
/** What a killed server leaves behind ends by itself within some seconds, later on a busy machine. */
const PASSING_POLL_MS = 200;
const PASSES_WITHIN_MS = 20_000;
/** A Redis that reads a large append-only file back answers late: about 1 GB in 10 s. */
const READY_WITHIN_MS = 300_000;
const LAST_LINES = 5;
const PAUSING: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGTSTP'];

export async function startServer(plan: ServerPlan): Promise<LocalServer> {
  let current = await startOnce(plan);
  return {
    url: plan.url,
    port: plan.port,
    dir: plan.dir,
    logFile: plan.spec.logFile,
    get pid() {
      return current.pid;
    },
    get ended() {
      return current.ended;
    },
    stop: async () => {
      if (current.end === undefined) await current.stop();
    },
    kill: async (signal = 'SIGKILL') => {
      current.signal(signal);
      if (!PAUSING.includes(signal)) await current.ended;
    },
    restart: async () => {
      if (current.end === undefined) await current.stop();
      current = await startOnce(plan);
    },
  };
}

async function startOnce(plan: ServerPlan): Promise<OwnedProcess> {
  let owned = await runOwned(plan.spec);
  const startedMs = Date.now();
  while (!(await plan.answers().catch(() => false))) {
    if (owned.end !== undefined) {
      if (Date.now() - startedMs > PASSES_WITHIN_MS || !(await passesByItself(plan)))
        throw await failedStart(plan, owned.end);
      await sleep(PASSING_POLL_MS);
      owned = await runOwned(plan.spec);
    }
    if (Date.now() - startedMs > READY_WITHIN_MS) {
      await owned.stop();
      throw new SetupFailure(
        `${plan.spec.name} did not answer within ${READY_WITHIN_MS / 1000} s`,
        `see its log ${plan.spec.logFile}`,
      );
    }
    await sleep(READY_POLL_MS);
  }
  return owned;
}

async function passesByItself({ passing, spec }: ServerPlan): Promise<boolean> {
  return passing?.test(await lastLines(spec.logFile, LAST_LINES)) ?? false;
}

async function failedStart({ spec }: ServerPlan, end: ProcessEnd): Promise<SetupFailure> {
  const details = await lastLines(spec.logFile, LAST_LINES);
  if (/ENOSPC|No space left/.test(details)) return diskFull(details);
  const message = `${spec.name} ended ${howItEnded(end)} at its start`;
  return new SetupFailure(message, `see its log ${spec.logFile}, which ends:`, { details });
}

export function howItEnded({ code, signal }: ProcessEnd): string {
  return signal === null ? `with exit code ${code}` : `by signal ${signal}`;
}

export function diskFull(details = ''): SetupFailure {
  return new SetupFailure('the disk is full', 'free about 1 GB and start again', { details });
}

export async function lastLines(file: string, count: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line.slice(0, 500)}`)
    .join('\n')
    .trimEnd();
}
