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
import { recordedHere } from '../recorded-here.ts';
import { operatorOf } from '../restructure/operator.ts';

type LoadReport = OutputOf<typeof clusters.add>;

export async function addDirectly(request: NewCluster): Promise<LoadReport> {
  const { loadReport } = await import('@foreshard/core/operations/handlers');
  const { name, source, webhook } = request;
  const add = (control: Control) =>
    recordedHere(
      control.audit,
      {
        ...about('clusters.add', name),
        input: { name, prometheus: shown(source), webhook, ...sizeOf(request) },
      },
      async () => loadReport(name, await addCluster(takingParts(control), request)),
      (report) => report,
    );
  return refusing(() => withControl(add));
}

export async function importDirectly(name: string, news: NewLoad): Promise<LoadReport> {
  const { loadReport } = await import('@foreshard/core/operations/handlers');
  const take = async (control: Control) =>
    recordedHere(
      control.audit,
      {
        ...about('clusters.importLoad', name),
        input: { name, ...sizeOf(news) },
        before: await known(control, name),
      },
      async () => loadReport(name, await importLoad(takingParts(control), name, news)),
      (report) => report,
    );
  return refusing(() => withControl(take));
}

function about(operation: string, target: string) {
  return { operation, resource: 'cluster', target };
}

/** Rows may be millions. */
function sizeOf({ rows, capacities, shift, replaces }: NewLoad) {
  return { rows: rows.length, hosts: capacities.length, shift, replace: replaces };
}

/** The address may hold a password, also in its query. */
function shown(source: NewCluster['source']) {
  return source === null ? null : { host: new URL(source.url).host, query: source.query };
}

async function known({ clusters: store }: Control, name: string) {
  const found = await store.find(name);
  if (found === undefined) return undefined;
  const { version, webhook, hosts, partitions } = found;
  return { name, version, webhook, hostCount: hosts.length, partitionCount: partitions.length };
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
