/**
 * What runs over a data folder, kept in a file there: who the supervisor is, what it started, whether all is
 * ready. It lets a second `up` find the first, `down` end it, and either clean up after one that was killed.
 */
import { existsSync } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, identityOf, isRunning } from '@foreshard/local';
import { z } from 'zod';
import { badInput } from '../failure.ts';
import { makePrivate } from './private-folder.ts';

const identity = z.object({ pid: z.int().min(1), began: z.string() });
const processRecord = identity.extend({ name: z.string(), log: z.string() });
const runRecordSchema = z.object({
  supervisor: identity,
  ready: z.boolean(),
  processes: z.array(processRecord),
});
export type RunRecord = z.infer<typeof runRecordSchema>;
export type ProcessRecord = z.infer<typeof processRecord>;

const FILE = 'run.json';
const END_WITHIN_MS = 10_000;
const NOT_ALLOWED = ['EACCES', 'EPERM', 'EROFS'];
const LOCK = 'run.lock';
const LOCK_POLL_MS = 20;
/** between making the lock and writing into it lie a few microseconds */
const NAMELESS_LOCK_MS_MAX = 1_000;

/** @throws CommandFailure when there is one that this user may not read */
export async function readRun(dataDir: string): Promise<RunRecord | undefined> {
  const text = await readFile(join(dataDir, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (NOT_ALLOWED.includes(error.code!)) throw ofAnother(dataDir, error);
    return undefined;
  });
  if (text === undefined || text === '') return undefined;
  const parsed = runRecordSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

/** The record of a supervisor that still runs. */
export async function liveRun(dataDir: string): Promise<RunRecord | undefined> {
  const run = await readRun(dataDir);
  return run !== undefined && (await isRunning(run.supervisor)) ? run : undefined;
}

/** Makes this process the supervisor of the folder. Answers the one that is it already, if any. */
export async function claim(dataDir: string): Promise<RunRecord | undefined> {
  await makePrivate(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (NOT_ALLOWED.includes(error.code!) && existsSync(dataDir)) throw ofAnother(dataDir, error);
    throw badInput(
      `the data folder ${dataDir} cannot be made (${error.message}): FORESHARD_DATA_DIR names another`,
    );
  });
  return exclusively(dataDir, async () => {
    const other = await liveRun(dataDir);
    if (other !== undefined) return other;
    await endProcesses(await readRun(dataDir));
    await writeRun(dataDir, false, []);
    return undefined;
  });
}

export async function writeRun(
  dataDir: string,
  ready: boolean,
  processes: readonly ProcessRecord[],
): Promise<void> {
  const record = { supervisor: await identityOf(process.pid), ready, processes };
  const file = join(dataDir, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function clearRun(dataDir: string): Promise<void> {
  await rm(join(dataDir, FILE), { force: true });
}

/** What a supervisor that was killed may have left. Answers the names of what had to be ended. */
export async function endLeftovers(dataDir: string): Promise<string[]> {
  if ((await readRun(dataDir)) === undefined) return [];
  return exclusively(dataDir, async () => {
    if ((await liveRun(dataDir)) !== undefined) return [];
    const ended = await endProcesses(await readRun(dataDir));
    await clearRun(dataDir);
    return ended;
  });
}

async function endProcesses(run: RunRecord | undefined): Promise<string[]> {
  const ended: string[] = [];
  for (const left of run?.processes ?? []) {
    if (!(await isRunning(left))) continue;
    ended.push(left.name);
    // PostgreSQL takes SIGINT for "now, but in order", and so does everything else here
    if (!(await endProcess(left, 'SIGINT', END_WITHIN_MS))) await endProcess(left, 'SIGKILL', END_WITHIN_MS);
  }
  return ended;
}

/** Who looks at the record of a killed supervisor and then writes its own must be alone meanwhile. */
async function exclusively<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const lock = join(dataDir, LOCK);
  while (!(await isMade(lock))) {
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    await sleep(LOCK_POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function isMade(lock: string): Promise<boolean> {
  const holder = JSON.stringify(await identityOf(process.pid));
  try {
    await writeFile(lock, holder, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw NOT_ALLOWED.includes(code!) ? ofAnother(dirname(lock), error as Error) : error;
  }
}

/** Its holder was killed within it. */
async function isAbandoned(lock: string): Promise<boolean> {
  const found = await stat(lock).catch(() => undefined);
  if (found === undefined) return false;
  const holder = identity.safeParse(parseJson(await readFile(lock, 'utf8').catch(() => '')));
  if (holder.success) return !(await isRunning(holder.data));
  return Date.now() - found.mtimeMs > NAMELESS_LOCK_MS_MAX;
}

function ofAnother(dataDir: string, { message }: Error): Error {
  return badInput(
    `this user may not use the data folder ${dataDir} (${message}): go on as the one who made it, or name another folder in FORESHARD_DATA_DIR`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
