/** What must hold of T and the hosts when nothing is left to do, asserted in the tests of the machines. */
import { expect } from 'vitest';
import { comparePositions } from '../keyspace/index.ts';
import { finishingMachines } from '../moves/index.ts';
import { isLeaf } from '../topology/index.ts';
import type { Cluster } from './cluster.fixture.ts';

/**
 * T has nothing open to confirm; every position of every stream has exactly one replica that takes appends,
 * and it is the one T names (I4, I5); what is closed is sealed with the finalSeq that T tells readers.
 */
export async function expectSettled(cluster: Cluster): Promise<void> {
  const map = await cluster.refresh();
  for (const host of cluster.hosts.keys()) expect(finishingMachines(map, host)).toEqual([]);
  await expectReplicas(cluster);
  for (const { id } of map.streams()) {
    const leaves = [...map.leaves(id)].sort((a, b) => comparePositions(a.range.from, b.range.from));
    for (const [i, leaf] of leaves.entries())
      expect(leaf.range.from).toEqual(leaves[i - 1]?.range.to ?? { hi: 0, lo: 0 });
    expect(leaves.at(-1)?.range.to).toEqual({ hi: 0x1_0000_0000, lo: 0 });
  }
}

async function expectReplicas({ map, hosts }: Cluster): Promise<void> {
  const openInT: string[] = [];
  for (const shardlet of map.shardlets()) {
    if (isLeaf(shardlet)) openInT.push(`${shardlet.owner}/${shardlet.id}@${shardlet.epoch}`);
    if (shardlet.state.kind !== 'closed') continue;
    const replica = await hosts.get(shardlet.owner)!.describe(shardlet.id);
    expect(replica).toMatchObject({
      mode: expect.stringMatching(/^(sealed|ready)$/),
      lastSeq: shardlet.state.finalSeq,
    });
  }
  const openOnHosts: string[] = [];
  for (const [id, host] of hosts)
    for (const replica of await host.list(0, 100_000))
      if (replica.mode === 'open') openOnHosts.push(`${id}/${replica.shardlet}@${replica.epoch}`);
  expect(openOnHosts.sort()).toEqual(openInT.sort());
}
