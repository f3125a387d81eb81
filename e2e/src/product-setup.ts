/** Vitest's global setup of the end-to-end tests: one product for all of them. */
import { join } from 'node:path';
import { temporaryFolder } from '@foreshard/local';
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
  const folder = await temporaryFolder('e2e');
  const { dataDir, edgeUrl, consoleUrl, token, stop } = await startProduct(join(folder.path, 'data'), {
    FORESHARD_SAMPLE_SPEED: '20000',
  });
  for (const [name, value] of Object.entries({ dataDir, edgeUrl, consoleUrl, token }))
    project.provide(name as 'dataDir', value);
  return async () => {
    await stop();
    await folder.remove();
  };
}
