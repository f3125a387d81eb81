/**
 * What runs over a data folder, kept in a file there: who the supervisor is, what it started, whether all is
 * ready. It lets a second `up` find the first, `down` end it, and either clean up after one that was killed.
 */
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess, identityOf, isRunning } from '@foreshard/local';
import { z } from 'zod';
import { badInput } from '../failure.ts';

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
/** between creating the file and writing it lie a few microseconds */
const CLAIM_ATTEMPTS = 20;

export async function readRun(dataDir: string): Promise<RunRecord | undefined> {
  const text = await readFile(join(dataDir, FILE), 'utf8').catch(() => undefined);
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
  await mkdir(dataDir, { recursive: true }).catch((error: Error) => {
    throw badInput(
      `the data folder ${dataDir} cannot be made (${error.message}): FORESHARD_DATA_DIR names another`,
    );
  });
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt += 1) {
    const other = await liveRun(dataDir);
    if (other !== undefined) return other;
    await endLeftovers(dataDir);
    if (await createFile(dataDir)) return undefined;
  }
  throw new Error(`${join(dataDir, FILE)} is written by somebody else all the time`);
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
  const ended: string[] = [];
  for (const left of (await readRun(dataDir))?.processes ?? []) {
    if (!(await isRunning(left))) continue;
    ended.push(left.name);
    // PostgreSQL takes SIGINT for "now, but in order", and so does everything else here
    if (!(await endProcess(left, 'SIGINT', END_WITHIN_MS))) await endProcess(left, 'SIGKILL', END_WITHIN_MS);
  }
  await clearRun(dataDir);
  return ended;
}

/** Of two that come at the same time only one can create the file. */
async function createFile(dataDir: string): Promise<boolean> {
  const record = { supervisor: await identityOf(process.pid), ready: false, processes: [] };
  try {
    const file = await open(join(dataDir, FILE), 'wx', 0o600);
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
