/** Passwords of a local server, made once and kept beside its data, readable only for their owner. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'users.json';

/** In the order of `names`, which holds letters and digits only. */
export async function passwordsIn(
  dir: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const file = join(dir, FILE);
  const known: Record<string, string> = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  if (names.some((name) => known[name] === undefined)) {
    for (const name of names) known[name] ??= randomBytes(24).toString('base64url');
    await writeFile(`${file}.new`, `${JSON.stringify(known, undefined, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  return new Map(names.map((name) => [name, known[name]!]));
}
