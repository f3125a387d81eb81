/** foreshard clusters list, show, remove. */
import { type ExternalCluster, removeCluster as forget, planningObstacle } from '@foreshard/core/external';
import { withControl } from '../deciding.ts';
import { print } from '../output.ts';
import { printRows } from '../table.ts';
import { clusterDesk, clusterNamed, unknownCluster } from './desk.ts';

export async function listClusters({ json }: { json: boolean }): Promise<void> {
  const clusters = await withControl((control) => control.clusters.list());
  if (json) return void (await print(`${JSON.stringify(clusters)}\n`));
  printRows(
    clusters.map(rowOf),
    false,
    'no cluster of others: add one with "foreshard clusters add NAME --csv FILE"',
  );
}

function rowOf(cluster: ExternalCluster) {
  const { name, hosts, partitions, observedToMs, webhook, version, createdBy, problem } = cluster;
  return {
    name,
    hosts: hosts.length,
    partitions: partitions.length,
    version,
    'load known to': observedToMs === null ? null : new Date(observedToMs).toISOString(),
    planned: planningObstacle(cluster, Date.now()) === undefined ? 'yes' : 'no: import newer load',
    webhook,
    problem,
    by: createdBy,
  };
}

export async function showCluster(name: string): Promise<void> {
  const cluster = await withControl((control) => clusterNamed(control, name));
  await print(`${JSON.stringify(cluster, null, 2)}\n`);
}

export async function removeCluster(name: string): Promise<void> {
  const reply = await withControl((control) => forget(clusterDesk(control), name));
  if (reply.kind !== 'done') throw unknownCluster(name);
  await print(`${name} is forgotten, and its load with it\n`);
}
