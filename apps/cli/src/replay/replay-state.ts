/**
 * How far the replay of a trace has come, kept in the data folder so that a stopped replay goes on where it
 * was. Sending a row again is harmless (its id is the same), so the state may lag behind, never ahead.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput } from '../failure.ts';

const stateSchema = z.object({
  trace: z.string(),
  stream: z.string(),
  edgeUrl: z.string(),
  /** of all events of this replay, and of no others */
  source: z.string(),
  /** where the log was before the first event was sent */
  from: z.string(),
  /** every row up to this one is acknowledged */
  acknowledged: z.int().min(0),
  /** and these beyond it */
  ahead: z.array(z.int()).default([]),
  /** rows up to `acknowledged` that are no events */
  leftOut: z.int().min(0).default(0),
});
export type ReplayState = z.infer<typeof stateSchema>;

export interface ReplayIdentity {
  /** the sample's name, or the path of a file */
  readonly trace: string;
  readonly stream: string;
  readonly edgeUrl: string;
}

/** Names of state files are short and safe whatever trace and edge are called. */
const NAME_CHARS = 16;

export class StateFile {
  readonly path: string;

  constructor(dataDir: string, { trace, stream, edgeUrl }: ReplayIdentity) {
    const name = createHash('sha256').update([trace, stream, edgeUrl].join('\0')).digest('hex');
    this.path = join(dataDir, 'replay', `${name.slice(0, NAME_CHARS)}.json`);
  }

  /** @throws CommandFailure when there is one that cannot be understood */
  read(): ReplayState | undefined {
    const text = textOf(this.path);
    if (text === undefined) return undefined;
    try {
      return stateSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw badInput(`${this.path} cannot be read; --fresh begins anew`, { cause });
    }
  }

  write(state: ReplayState): void {
    mkdirSync(join(this.path, '..'), { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, this.path);
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
