/** A folder for the data of one test or measurement. */
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_PLACE } from './postgres-home.ts';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `foreshard-${name}-`));
  return { path, remove: () => remove(path) };
}

/** Where even the place for temporary files is private, PostgreSQL's data stand elsewhere, behind a link. */
async function remove(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  for (const link of entries.filter((entry) => entry.isSymbolicLink())) {
    const target = await readlink(join(link.parentPath, link.name));
    if (target.startsWith(`${SHARED_PLACE}/`)) await rm(target, { recursive: true, force: true });
  }
  await rm(path, { recursive: true, force: true });
}
