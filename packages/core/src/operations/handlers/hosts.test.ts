import { expect, it } from 'vitest';
import { EMPTY_TOPOLOGY, type Topology, type TopologyMap } from '../../topology/index.ts';
import { callerNamed } from './caller.fixture.ts';
import { hostHandlers } from './hosts.ts';

/** Two hosts, each with an open shardlet. */
const TOPOLOGY = (() => {
  const host = { engine: 'redis', url: 'redis://h', incarnation: 'run', generation: 0, durability: 'always' };
  const facts = { ...host, state: 'active', zone: 'default', labels: {}, capacity: {} };
  const range = { from: { hi: 0, lo: 0 }, to: { hi: 1, lo: 0 } };
  const shardlet = { stream: 1, shard: 0, epoch: 1, range, parents: [], state: { kind: 'open' }, lost: [] };
  const hosts = [1, 2].map((id) => ({ ...facts, id, name: `host-${id}` }));
  const shardlets = [1, 2].map((id) => ({ ...shardlet, id, owner: id }));
  const streams = [
    { id: 1, name: 'main', shardCount: 1, splitKeys: false, retentionMs: null, retentionBytes: null },
  ];
  return { ...EMPTY_TOPOLOGY, streams, hosts, shardlets } as unknown as Topology;
})();

it('a preview of a drain proposes no host that does not answer, and says why', async () => {
  const handlers = hostHandlers({
    topology: { snapshot: async () => TOPOLOGY },
    nowMs: () => 0,
    drainFacts: async (map: TopologyMap) => {
      expect(map.hosts()).toHaveLength(2);
      return { fills: new Map(), loads: new Map(), away: new Map([[2, 'unreachable (ECONNREFUSED)']]) };
    },
  } as never);
  expect(await handlers.drain({ host: 1 }, callerNamed('test', true))).toEqual({
    ...{ host: 1, state: 'draining', dryRun: true, left: 1, moves: [] },
    waiting: [{ why: 'no host can take it: host-2 is unreachable (ECONNREFUSED)', shardlets: [1] }],
  });
});
