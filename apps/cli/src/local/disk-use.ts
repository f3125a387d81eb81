/** How much of the disk a first start has taken: packages, builds and data. */
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../checkout.ts';

const run = promisify(execFile);

export async function diskUse(dataDir: string): Promise<string> {
  // the data of PostgreSQL may stand elsewhere, behind a link
  const postgres = await realpath(join(dataDir, 'postgres')).catch(() => dataDir);
  const places = [
    join(ROOT, 'node_modules'),
    join(ROOT, 'apps/web/.next'),
    join(ROOT, '.turbo'),
    dataDir,
    postgres,
  ];
  // what does not exist, or lies in another, is left out by du itself; it then ends with 1 and a right sum
  const { stdout } = await run('du', ['-skc', ...places]).catch((error) => error as { stdout?: string });
  const kilobytes = Number(/^(\d+)\ttotal$/m.exec(stdout ?? '')?.[1]);
  return Number.isFinite(kilobytes) ? `${(kilobytes / 1_048_576).toFixed(1)} GB` : 'unknown';
}
