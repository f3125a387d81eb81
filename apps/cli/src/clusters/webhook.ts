/** foreshard clusters webhook: who is told what was approved. */
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { clusterNamed } from './import.ts';

export async function setWebhook(name: string, target: string | undefined): Promise<void> {
  await withControl(async (control) => {
    if (target !== undefined) await insistOnTarget(control, target);
    const cluster = await clusterNamed(control, name);
    if (!(await control.clusters.save({ ...cluster, webhook: target ?? null }, cluster)))
      throw new CommandFailure('the cluster was changed at this moment: try again');
  });
  await print(target === undefined ? `nobody is told of ${name}\n` : `${target} is told of ${name}\n`);
}

export async function insistOnTarget({ notifications }: Control, name: string): Promise<void> {
  if ((await notifications.targets()).some((target) => target.name === name)) return;
  throw badInput(
    `there is no target "${name}"; add it with "foreshard notifications add ${name} URL --kinds ''"`,
  );
}
