/** Makes Prisma's client from the schema, when either has changed. Without it nothing can open the topology store. */
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILD_CACHE, ROOT } from '../checkout.ts';
import { buildTool, runTool } from './run-tool.ts';

const CLIENT = join(ROOT, 'packages/core/src/adapters/prisma/generated/client.ts');
/** what the client is made of: the models, where it goes, and who makes it */
const SCHEMA = 'prisma/schema';
const SOURCES = ['prisma.config.ts', 'node_modules/prisma/package.json'];

/**
 * Generating needs no schema engine, but Prisma wants to see one, and would download it. A program that
 * fails is the safe stand-in: with one that succeeds, commands that do need it would pretend to have worked.
 */
const NO_SCHEMA_ENGINE = '/bin/false';

export async function generateClient(signal?: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  const models = (await readdir(join(ROOT, SCHEMA))).sort().map((file) => join(SCHEMA, file));
  for (const source of [...models, ...SOURCES]) hash.update(await readFile(join(ROOT, source)));
  const wanted = hash.digest('hex');
  const stamp = join(BUILD_CACHE, 'prisma-client');
  const present = await access(CLIENT).then(
    () => true,
    () => false,
  );
  if (present && (await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  await mkdir(BUILD_CACHE, { recursive: true });
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: NO_SCHEMA_ENGINE };
  await runTool(buildTool('generating the database client', 'prisma', ['generate'], env, signal));
  await writeFile(stamp, wanted);
}
