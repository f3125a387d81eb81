/** foreshard clusters plan: what the worker would recommend for a cluster of others, now. */
import { EXTERNAL_PHASES, externalState, observeCluster, planningObstacle } from '@foreshard/core/external';
import { compileState, documentOf, plan } from '@foreshard/core/planning';
import { withControl } from '../deciding.ts';
import { CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { printRows } from '../table.ts';
import { clusterNamed } from './import.ts';

export async function planCluster(
  name: string,
  { state: onlyState, json }: { state: boolean; json: boolean },
): Promise<void> {
  const nowMs = Date.now();
  const { state, policy } = await withControl(async (control) => {
    const cluster = await clusterNamed(control, name);
    const obstacle = planningObstacle(cluster, nowMs);
    if (obstacle !== undefined) throw new CommandFailure(`${name} is not planned: ${obstacle}`);
    const { policy } = await control.policies.at(nowMs);
    const seen = await observeCluster({ ...control, nowMs: () => nowMs }, cluster, policy);
    return { state: externalState(cluster, seen, policy), policy };
  });
  if (onlyState) return void (await print(`${JSON.stringify(state, null, 2)}\n`));
  const document = documentOf(plan(compileState(state, policy), policy, nowMs, EXTERNAL_PHASES), policy);
  if (json) return void (await print(`${JSON.stringify(document)}\n`));
  const rows = document.recommendations.map(
    ({ step, action, shardlets, source, destination, urgency, reason }) => ({
      step,
      action,
      partitions: shardlets.join(','),
      from: source,
      to: destination,
      urgency,
      why: reason,
    }),
  );
  printRows(rows, false, `nothing is recommended: ${document.nothingBecause}`);
}
