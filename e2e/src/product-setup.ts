/** Vitest's global setup of the end-to-end tests: one product for all of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startProduct } from './product.ts';

declare module 'vitest' {
  interface ProvidedContext {
    dataDir: string;
    edgeUrl: string;
    consoleUrl: string;
    token: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-e2e-'));
  const { dataDir, edgeUrl, consoleUrl, token, stop } = await startProduct(join(dir, 'data'));
  for (const [name, value] of Object.entries({ dataDir, edgeUrl, consoleUrl, token }))
    project.provide(name as 'dataDir', value);
  return async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
}
