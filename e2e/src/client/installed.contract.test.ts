/** The package that is published: what is in it, its README's example, its types, and reading in a browser. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { openBrowser } from '../browser.ts';
import { blockWith, codeOf, type InstalledClient, installClient } from './installed-client.fixture.ts';

const run = promisify(execFile);
const README = 'packages/client/README.md';
const TSC = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));

let cluster: EdgeCluster;
let client: InstalledClient;
beforeAll(async () => {
  [cluster, client] = await Promise.all([EdgeCluster.start(1, inject('postgresUrl')), installClient()]);
  await cluster.createStream({ name: 'main', shardCount: 2 });
  await cluster.startEdge();
}, 180_000);
afterAll(() => Promise.all([cluster?.stop(), client?.remove()]));

test('depends on nothing, and has no source, test or fixture in it', async () => {
  const folder = join(client.path, 'node_modules/@foreshard/client');
  const { dependencies, exports } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  expect([dependencies, exports['.'].default]).toEqual([undefined, './dist/index.js']);
  const { stdout } = await run('find', [folder, '-type', 'f', '-printf', '%P\n']);
  const odd = stdout
    .split('\n')
    .filter((name) => !/^$|^dist\/.*\.(js|d\.ts)$|^(README\.md|LICENSE|package\.json)$/.test(name));
  expect([odd, stdout.match(/test|fixture/g)]).toEqual([[], null]);
});

test('runs the example of its README', async () => {
  const [example] = await codeOf(README, 'js');
  const env = { FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: cluster.token };
  expect(await client.run(example!, env)).toBe('stored\ncustomer-7 { total: 12.5 }\n');
});

test('runs the ten lines of the guide, which end in order when they are asked to', async () => {
  const data = {
    specversion: '1.0',
    id: 'guide',
    source: '/guide',
    type: 't',
    subject: 'guide',
    data: { n: 1 },
  };
  await cluster.post([data]);
  const code = await blockWith('docs/client.md', 'js', '// consumer.mjs');
  const env = { FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: cluster.token };
  const asked = "setTimeout(() => process.emit('SIGTERM'), 4_000);";
  expect(await client.run(`${code}\n`.replace('await consumer', `${asked}\nawait consumer`), env)).toContain(
    'guide { n: 1 }',
  );
  const { body } = await cluster.get('/v1/groups/billing');
  expect([body.members, body.lag]).toEqual([[], 0]);
});

test('has types for a program that checks them strictly', async () => {
  const [example] = await codeOf(README, 'js');
  const typed = example!.replaceAll(/process\.env\.(\w+)/g, "String('$1')");
  const wrong =
    "\n// @ts-expect-error: a group has a name\nforeshard.consumer({});\nexport type { Hooks, ReadItem } from '@foreshard/client';\n";
  await writeFile(join(client.path, 'typed.mts'), typed + wrong);
  const options = [
    '--strict',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom',
  ];
  const checked = run(process.execPath, [TSC, ...options, 'typed.mts'], { cwd: client.path });
  await expect(checked.catch(({ stdout }) => Promise.reject(new Error(stdout)))).resolves.toBeDefined();
});

test('reads in a browser, which has nothing of Node', async () => {
  await cluster.post([{ specversion: '1.0', id: 'b', source: '/b', type: 'seen', subject: 'browser' }]);
  const dist = join(client.path, 'node_modules/@foreshard/client/dist');
  const page = `<!doctype html><link rel="icon" href="data:,"><script type="module">
    import { connect } from '/dist/index.js';
    const seen = [];
    const ended = new AbortController();
    const reader = connect({ url: location.origin, token: '${cluster.token}' }).reader();
    for await (const item of reader.follow({ key: 'browser', signal: ended.signal })) {
      if (item.kind === 'event') seen.push(item.event.type);
      if (item.kind === 'position' && item.atHead) break;
    }
    for await (const item of reader.read({ key: 'browser' })) if (item.kind === 'event') seen.push(item.seq > 0);
    document.title = JSON.stringify(seen);
  </script>`;
  const server = createServer(async (request, response) => {
    const { url = '/' } = request;
    if (url === '/') response.setHeader('content-type', 'text/html').end(page);
    else if (url.startsWith('/dist/'))
      response.setHeader('content-type', 'text/javascript').end(await readFile(join(dist, url.slice(6))));
    else {
      const headers = {
        authorization: request.headers.authorization ?? '',
        accept: request.headers.accept ?? '',
      };
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      try {
        const answer = await fetch(cluster.edgeUrl + url, { headers, signal: gone.signal });
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        for await (const chunk of answer.body!) response.write(chunk);
        response.end();
      } catch (error) {
        if (!gone.signal.aborted) throw error;
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await openBrowser();
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await expect.poll(() => tab.title(), { timeout: 20_000 }).toBe('["seen",true]');
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}, 90_000);
