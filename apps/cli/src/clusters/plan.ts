/** foreshard clusters plan: what a worker would recommend for a cluster of others, now. */
import { clusters } from '@foreshard/core/operations';
import type { PlanDocument } from '@foreshard/core/planning';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

export async function showPlan(
  name: string,
  { state: onlyState, ...options }: OperationOptions & { readonly state: boolean },
): Promise<void> {
  const answer = await runOperation(clusters.plan, { name, withState: onlyState }, options);
  if (onlyState) return void (await print(`${JSON.stringify(answer.state, null, 2)}\n`));
  if (options.json) return printJson(answer);
  const { recommendations, nothingBecause } = answer.plan as unknown as PlanDocument;
  const rows = recommendations.map(({ step, action, shardlets, source, destination, urgency, reason }) => ({
    ...{ step, action },
    partitions: shardlets.join(','),
    from: source,
    to: destination,
    ...{ urgency, why: reason },
  }));
  printRows(rows, false, `nothing is recommended: ${nothingBecause}`);
}
