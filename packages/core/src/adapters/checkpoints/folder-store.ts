/**
 * Contents of checkpoints as files, on a disk that all edges and workers share, or where there is one edge. A file is
 * written beside its name, synced and renamed: whoever reads it reads all of it, also after a crash.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type CheckpointStore, OBJECT_NAME } from '../../checkpointing/index.ts';
import { invariant } from '../../kernel/index.ts';
import { sideBySide } from './side-by-side.ts';
import { CheckpointStoreAway } from './store-away.ts';

const BYTES_MAX = 1_073_741_824;
/** no name of an object ends so */
const PARTIAL = '.partial~';
const PAGE = 500;

export class FolderCheckpointStore implements CheckpointStore {
  readonly kind = 'folder';
  readonly bytesMax = BYTES_MAX;
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  async put(name: string, content: Uint8Array): Promise<void> {
    const path = this.pathOf(name);
    const partial = `${path}.${randomUUID()}${PARTIAL}`;
    await reaching(`${path} cannot be written`, async () => {
      await mkdir(dirname(path), { recursive: true });
      try {
        await writeSynced(partial, content);
        await rename(partial, path);
        await syncFolder(dirname(path));
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const path = this.pathOf(name);
    return reaching(`${path} cannot be read`, () => readFile(path).catch(ifMissing));
  }

  async delete(names: readonly string[]): Promise<void> {
    await sideBySide(names, async (name) => {
      const path = this.pathOf(name);
      await reaching(`${path} cannot be removed`, () => rm(path, { force: true }));
    });
  }

  /** Also files that an interrupted upload left: they have no row, and go like contents without one. */
  async *list(prefix: string, beforeMs: number): AsyncIterable<readonly string[]> {
    const entries = await reaching(`${this.folder} cannot be listed`, () =>
      readdir(this.folder, { recursive: true, withFileTypes: true }).catch(ifMissing),
    );
    let page: string[] = [];
    for (const entry of entries ?? []) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(this.folder.length + 1);
      if (!entry.isFile() || !name.startsWith(prefix)) continue;
      const found = await stat(path).catch(ifMissing);
      if (found === undefined || found.mtimeMs >= beforeMs) continue;
      page.push(name);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  private pathOf(name: string): string {
    const plain = name.endsWith(PARTIAL) ? name.slice(0, -PARTIAL.length) : name;
    invariant(OBJECT_NAME.test(plain), `"${name}" is no name of an object`);
    return join(this.folder, ...name.split('/'));
  }
}

async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** So that the new name survives a crash too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function reaching<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new CheckpointStoreAway(what, error);
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
