/** Where things stand in this checkout. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './credentials.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
export const MIGRATIONS = join(ROOT, 'prisma/migrations');
/** stamps and logs of what is made out of the checkout */
export const BUILD_CACHE = join(ROOT, 'node_modules/.cache/foreshard');

/** `up` and `down` mean this checkout's own data, wherever they are called. */
export function ownDataDir(env: Environment): string {
  return resolve(env.FORESHARD_DATA_DIR ?? join(ROOT, '.foreshard'));
}
