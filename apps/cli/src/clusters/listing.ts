/** foreshard clusters list, show, remove. */
import { type ExternalCluster, forgetCluster, planningObstacle } from '@foreshard/core/external';
import { withControl } from '../deciding.ts';
import { print } from '../output.ts';
import { operatorOf } from '../restructure/operator.ts';
import { printRows } from '../table.ts';
import { clusterNamed } from './import.ts';

const LISTED_MAX = 10_000;

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
  await withControl(async (control) => {
    await forgetCluster(control, await clusterNamed(control, name));
    const { recommendations: log } = control;
    const { actor, nowMs } = operatorOf(control);
    const gone = `the cluster ${name} was removed`;
    // nobody can decide about them any more, and nothing shows how they end
    for (const { id } of await log.list({ cluster: name, states: ['open', 'approved'], limit: LISTED_MAX }))
      await log.reject(id, actor, gone, nowMs());
    for (const { id } of await log.list({ cluster: name, states: ['running'], limit: LISTED_MAX }))
      await log.end(id, 'failed', gone, nowMs());
  });
  await print(`${name} is forgotten, and its load with it\n`);
}
