/**
 * The data folder belongs to the one who started the product: it holds passwords, and events. Folders of earlier releases
 * were open to every user of the machine.
 */
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Root lets PostgreSQL run as another user, who has to come through to its folder, and sees nothing else. */
const FOLDER_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;
/** sees to itself, and may belong to that user */
const POSTGRES = 'postgres';

export async function makePrivate(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: FOLDER_MODE });
  await chmod(dataDir, FOLDER_MODE);
  for (const entry of await readdir(dataDir, { withFileTypes: true })) {
    if (entry.name === POSTGRES) continue;
    if (entry.isDirectory()) await restrict(join(dataDir, entry.name), 0o700);
    else if (entry.isFile()) await restrict(join(dataDir, entry.name), 0o600);
  }
}

/** Another start at the same time takes its lock away again. */
async function restrict(path: string, mode: number): Promise<void> {
  await chmod(path, mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
