/** bootstrap.mjs in a folder of its own, on this Node and on what says that it is an older one. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './checkout.ts';

let folder: TemporaryFolder;
const stamp = () => join(folder.path, 'node_modules/.cache/foreshard/installed');
beforeEach(async () => {
  folder = await temporaryFolder('bootstrap');
  await cp(join(ROOT, 'bootstrap.mjs'), join(folder.path, 'bootstrap.mjs'));
  await mkdir(join(folder.path, 'apps/cli/src'), { recursive: true });
  await mkdir(join(folder.path, 'packages'));
  await writeFile(join(folder.path, 'apps/cli/src/main.ts'), 'console.log("product");');
});
afterEach(() => folder.remove());

/** Without npm, so that an installation shows. */
function start(nodeVersion: string): Promise<string> {
  const versions = JSON.stringify({ ...process.versions, node: nodeVersion });
  const preload = `Object.defineProperty(process, 'versions', { value: ${versions} })`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, 'bootstrap.mjs'];
  return new Promise((resolve) => {
    const env = { NODE_ENV: 'test', PATH: '/nowhere', HOME: folder.path } as const;
    execFile(process.execPath, args, { cwd: folder.path, env }, (_, stdout, stderr) =>
      resolve((stdout + stderr).trim()),
    );
  });
}

/** The stamp as an installation by npm on this Node leaves it. */
async function installedOn(node: string): Promise<void> {
  const { createHash } = await import('node:crypto');
  const packages = createHash('sha256').update(`${process.platform} ${process.arch}`).digest('hex');
  await mkdir(join(stamp(), '..'), { recursive: true });
  await writeFile(stamp(), `${packages} npm 11.0.0 node ${node}`);
}

describe('a start', () => {
  it.each(['18.20.8', '20.18.3', '21.7.3', '22.11.0'])('on Node %s says what is needed', async (version) => {
    expect(await start(version)).toBe(
      `foreshard: Node ${version} is too old: install Node 20.19, 22.12 or newer: https://nodejs.org`,
    );
  });

  it.each(['20.19.0', '22.12.0', '23.0.0', '24.21.0'])('on Node %s goes on to install', async (version) => {
    expect(await start(version)).toMatch(/^foreshard: npm is not on the PATH/);
  });

  it('after an installation goes on with the product', async () => {
    await installedOn('20.19.0');
    expect(await start('24.21.0')).toBe('product');
  });

  it('after an installation by an older Node, or one of which nothing is known, installs again', async () => {
    await installedOn('18.20.8');
    expect(await start('24.21.0')).toMatch(/^foreshard: npm is not on the PATH/);
    await writeFile(stamp(), (await readFile(stamp(), 'utf8')).split(' ')[0]!);
    expect(await start('24.21.0')).toMatch(/^foreshard: npm is not on the PATH/);
  });
});
