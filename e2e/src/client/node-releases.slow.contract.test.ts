/** The example of the library's README on every release of Node that it promises, beside that of the product. */
import { findNode } from '@foreshard/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { codeOf, type InstalledClient, installClient } from './installed-client.fixture.ts';

let cluster: EdgeCluster;
let client: InstalledClient;
beforeAll(async () => {
  [cluster, client] = await Promise.all([EdgeCluster.start(1, inject('postgresUrl')), installClient()]);
  await cluster.createStream({ name: 'main', shardCount: 2 });
  await cluster.startEdge();
}, 180_000);
afterAll(() => Promise.all([cluster?.stop(), client?.remove()]));

test.each([20, 22] as const)(
  'runs on Node %i',
  async (major) => {
    const node = await findNode(major);
    const [example] = await codeOf('packages/client/README.md', 'js');
    const env = { FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: cluster.token };
    // a group of its own: what the other release has committed does not come again
    const program = `${example!.replace("'billing'", `'billing-${major}'`)}\nconsole.log(process.version);`;
    expect(await client.run(program, env, node)).toMatch(
      new RegExp(`^stored\\ncustomer-7 \\{ total: 12.5 \\}\\nv${major}\\.`),
    );
  },
  400_000,
);
