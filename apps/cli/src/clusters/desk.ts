/** The person at the command line, as clusters of others know one. */
import type { ClusterDesk, ExternalCluster } from '@foreshard/core/external';
import { type Control, readSource } from '../composition.ts';
import { badInput } from '../failure.ts';
import { operatorOf } from '../restructure/operator.ts';

export function clusterDesk(control: Control): ClusterDesk {
  const { jobs } = control;
  const { actor, nowMs } = operatorOf(control);
  return {
    ...control,
    ...{ actor, nowMs, read: readSource },
    // whoever runs the command has chosen the address
    objection: async () => undefined,
    // it is forecast first, so that the plan stands on it
    async wake() {
      await jobs.wake('forecast');
      await jobs.wake('clusters');
    },
  };
}

export async function clusterNamed({ clusters }: Control, name: string): Promise<ExternalCluster> {
  const found = await clusters.find(name);
  if (found === undefined) throw unknownCluster(name);
  return found;
}

export function unknownCluster(name: string) {
  return badInput(`there is no cluster "${name}"; see "foreshard clusters"`);
}
