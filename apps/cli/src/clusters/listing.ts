/** foreshard clusters list, show, remove. */
import { clusters, type OutputOf } from '@foreshard/core/operations';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

export async function listClusters(options: OperationOptions): Promise<void> {
  const answer = await runOperation(clusters.list, {}, options);
  if (options.json) return printJson(answer);
  printRows(
    answer.clusters.map(rowOf),
    false,
    'no cluster of others: add one with "foreshard clusters add NAME --csv FILE"',
  );
}

function rowOf(cluster: OutputOf<typeof clusters.list>['clusters'][number]) {
  const { name, hostCount, partitionCount, version, observedTo, obstacle, webhook, problem } = cluster;
  return {
    ...{ name, hosts: hostCount, partitions: partitionCount, version },
    'load known to': observedTo,
    planned: obstacle === null ? 'yes' : 'no: import newer load',
    ...{ webhook, problem, by: cluster.createdBy },
  };
}

export async function showCluster(name: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(clusters.show, { name }, options);
  if (options.json) return printJson(answer);
  await print(`${JSON.stringify(answer, null, 2)}\n`);
}

export async function removeCluster(name: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(clusters.remove, { name }, options);
  if (options.json) return printJson(answer);
  await print(`${name} is forgotten, and its load with it\n`);
}
