/**
 * Builds `dist` with the compiler of the repository: `npm pack` runs it. The folder is made anew, so that a file that is
 * gone from `src` is not published.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(join(HERE, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, '-p', HERE], { stdio: 'inherit' });
process.exit(status ?? 1);
