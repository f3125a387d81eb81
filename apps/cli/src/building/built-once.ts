/**
 * A folder that is made out of inputs: made again when they differ, and never half made. A build that failed or was killed
 * leaves what the next one may stumble over, so it goes; a stamp inside says that a build came to its end.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** in the folder, so that whoever removes the one removes the other */
export const STAMP = 'foreshard-build';

export async function builtOnce(folder: string, inputs: string, build: () => Promise<void>): Promise<void> {
  const stamp = join(folder, STAMP);
  const before = await readFile(stamp, 'utf8').catch(() => undefined);
  if (before === inputs) return;
  const remove = () => rm(folder, { recursive: true, force: true });
  if (before === undefined) await remove();
  // without it, what is there counts as half made from now on
  await rm(stamp, { force: true });
  try {
    await build();
  } catch (error) {
    await remove();
    throw error;
  }
  await writeFile(stamp, inputs);
}
