/** foreshard clusters plan: what the worker would recommend for a cluster of others, now. */
import { planCluster } from '@foreshard/core/external';
import { documentOf } from '@foreshard/core/planning';
import { withControl } from '../deciding.ts';
import { CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { printRows } from '../table.ts';
import { clusterNamed } from './desk.ts';

const TOLD_MAX = 1_000;

export async function showPlan(
  name: string,
  { state: onlyState, json }: { state: boolean; json: boolean },
): Promise<void> {
  const nowMs = () => Date.now();
  const { made, policy } = await withControl(async (control) => {
    const cluster = await clusterNamed(control, name);
    const { policy } = await control.policies.at(nowMs());
    const told = { cluster: name, states: ['running'], limit: TOLD_MAX } as const;
    const running = await control.recommendations.list(told);
    return { made: await planCluster({ ...control, nowMs }, cluster, policy, running), policy };
  });
  if (made.kind === 'not-planned') throw new CommandFailure(`${name} is not planned: ${made.detail}`);
  if (onlyState) return void (await print(`${JSON.stringify(made.state, null, 2)}\n`));
  const document = documentOf(made.plan, policy);
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
