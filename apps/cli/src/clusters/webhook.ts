/** foreshard clusters webhook: who is told what was approved. */
import { changeCluster } from '@foreshard/core/external';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { clusterDesk, unknownCluster } from './desk.ts';

export async function setWebhook(name: string, target: string | undefined): Promise<void> {
  const reply = await withControl((control) =>
    changeCluster(clusterDesk(control), name, { webhook: target ?? null }),
  );
  switch (reply.kind) {
    case 'unknown':
      throw unknownCluster(name);
    case 'busy':
      throw new CommandFailure('the cluster was changed at this moment: try again');
    case 'refused':
      throw badInput(
        `${reply.detail}; add it with "foreshard notifications add ${target ?? ''} URL --kinds ''"`,
      );
    case 'done':
      await print(target === undefined ? `nobody is told of ${name}\n` : `${target} is told of ${name}\n`);
  }
}
