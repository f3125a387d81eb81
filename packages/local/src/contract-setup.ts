/** Vitest's global setup of the contract tests: one PostgreSQL for all of them, Redis found beforehand. */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';
import { findRedis } from './redis-programs.ts';
import { temporaryFolder } from './temporary-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await findRedis((what) => console.error(what));
  const folder = await temporaryFolder('contract');
  const postgres = await startPostgres({ dir: join(folder.path, 'postgres') });
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await folder.remove();
  };
}
