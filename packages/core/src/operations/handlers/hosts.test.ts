import { expect, it } from 'vitest';
<<<<<<<< HEAD:packages/core/src/operations/handlers/hosts.test.ts
import { EMPTY_TOPOLOGY, type Topology, type TopologyMap } from '../../topology/index.ts';
import { hostHandlers } from './hosts.ts';
========
import { consoleHandlers } from './handlers.ts';
>>>>>>>> 820ec9581a1124629976171d2b0c17dc8146bd1d:apps/web/src/server/operations/handlers.test.ts

/** Two hosts, each with an open shardlet. */
function topology(): Topology {
  const host = { engine: 'redis', url: 'redis://h', incarnation: 'run', generation: 0, durability: 'always' };
  const facts = { ...host, state: 'active', zone: 'default', labels: {}, capacity: {} };
  const range = { from: { hi: 0, lo: 0 }, to: { hi: 1, lo: 0 } };
  const shardlet = { stream: 1, shard: 0, epoch: 1, range, parents: [], state: { kind: 'open' }, lost: [] };
  const hosts = [1, 2].map((id) => ({ ...facts, id, name: `host-${id}` }));
  const shardlets = [1, 2].map((id) => ({ ...shardlet, id, owner: id }));
  const streams = [{ id: 1, name: 'main', shardCount: 1, splitKeys: false }];
  return { ...EMPTY_TOPOLOGY, streams, hosts, shardlets } as unknown as Topology;
}

it('a preview of a drain proposes no host that does not answer, and says why', async () => {
<<<<<<<< HEAD:packages/core/src/operations/handlers/hosts.test.ts
  const handlers = hostHandlers({
    topology: { snapshot: async () => TOPOLOGY },
    nowMs: () => 0,
========
  const stores = {
    topology: { snapshot: async () => topology() },
>>>>>>>> 820ec9581a1124629976171d2b0c17dc8146bd1d:apps/web/src/server/operations/handlers.test.ts
    drainFacts: async (map: TopologyMap) => {
      expect(map.hosts()).toHaveLength(2);
      return { fills: new Map(), loads: new Map(), away: new Map([[2, 'unreachable (ECONNREFUSED)']]) };
    },
<<<<<<<< HEAD:packages/core/src/operations/handlers/hosts.test.ts
  } as never);
  expect(await handlers.drain({ host: 1 }, { actor: 'test', dryRun: true })).toEqual({
    ...{ host: 1, state: 'draining', dryRun: true, left: 1, moves: [] },
========
  };
  const { hosts } = consoleHandlers(stores as never, {} as never);
  expect(await hosts.drain({ host: 1 }, { actor: 'console', dryRun: true } as never)).toMatchObject({
    ...{ left: 1, moves: [] },
>>>>>>>> 820ec9581a1124629976171d2b0c17dc8146bd1d:apps/web/src/server/operations/handlers.test.ts
    waiting: [{ why: 'no host can take it: host-2 is unreachable (ECONNREFUSED)', shardlets: [1] }],
  });
});
