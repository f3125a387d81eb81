/** Vitest's global setup of the contract tests: one PostgreSQL for all of them, Redis found beforehand. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findRedis, startPostgres } from './index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await findRedis((what) => console.error(what));
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-contract-'));
  const postgres = await startPostgres({ dir: join(dir, 'postgres') });
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
