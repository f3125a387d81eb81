/**
 * What stays the same from one start to the next: the ports of the local servers. The topology store knows its hosts
 * by their addresses, so a host must come back on the port it had.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, isFree, SetupFailure } from '@foreshard/local';
import { z } from 'zod';

const FILE = 'state.json';
const stateSchema = z.object({
  ports: z.record(z.string(), z.int().min(1)).default({}),
  /** names of the hosts that are started; missing: those of a first start */
  hosts: z.array(z.string()).optional(),
  /** shown once, at the end of the first start */
  firstStartDone: z.boolean().default(false),
});
export type Remembered = z.infer<typeof stateSchema>;

export async function remembered(dataDir: string): Promise<Remembered> {
  const file = join(dataDir, FILE);
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    const cure = 'mend it, or remove the whole data folder to begin anew';
    throw new SetupFailure(`${file} cannot be read`, cure, { cause });
  }
}

export async function remember(dataDir: string, state: Remembered): Promise<void> {
  await writeFile(join(dataDir, FILE), `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

/** The port that `name` had before, else a new one. */
export async function portOf(dataDir: string, name: string): Promise<number> {
  const state = await remembered(dataDir);
  const known = state.ports[name];
  if (known === undefined) {
    const port = await freePort();
    await remember(dataDir, { ...state, ports: { ...state.ports, [name]: port } });
    return port;
  }
  if (await isFree(known)) return known;
  throw new SetupFailure(
    `port ${known}, which ${name} has had so far, is taken by another program`,
    `stop that program ("ss -ltnp | grep ${known}" names it)`,
  );
}
