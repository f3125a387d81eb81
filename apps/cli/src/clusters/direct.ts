/**
 * Taking load in without an edge and without a worker: break-glass, and the way for records that are longer than an
 * edge takes at a time.
 */
import {
  addCluster,
  type ClusterOperator,
  importLoad,
  type NewCluster,
  type NewLoad,
} from '@foreshard/core/external';
import type { clusters, OutputOf } from '@foreshard/core/operations';
import { type Control, readSource } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { refusing } from '../operations/run-operation.ts';
import { operatorOf } from '../restructure/operator.ts';

type LoadReport = OutputOf<typeof clusters.add>;

export async function addDirectly(request: NewCluster): Promise<LoadReport> {
  const { loadReport } = await import('@foreshard/core/operations/handlers');
  const add = async (control: Control) =>
    loadReport(request.name, await addCluster(takingParts(control), request));
  return refusing(() => withControl(add));
}

export async function importDirectly(name: string, news: NewLoad): Promise<LoadReport> {
  const { loadReport } = await import('@foreshard/core/operations/handlers');
  const take = async (control: Control) =>
    loadReport(name, await importLoad(takingParts(control), name, news));
  return refusing(() => withControl(take));
}

function takingParts(control: Control): ClusterOperator {
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
