/** foreshard clusters add. */
import { clusterNameSchema } from '@foreshard/core/external';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { operatorOf } from '../restructure/operator.ts';
import { type LoadOptions, load, readFiles, report } from './import.ts';
import { insistOnTarget } from './webhook.ts';

interface AddOptions extends LoadOptions {
  readonly webhook?: string;
}

const STEP_MS_DEFAULT = 60_000;

export async function addCluster(name: string, options: AddOptions): Promise<void> {
  const named = clusterNameSchema.safeParse(name);
  if (!named.success) throw badInput(named.error.issues[0]!.message);
  if (options.csv === undefined) throw badInput('a cluster is described by its load: give --csv FILE');
  const files = await readFiles(options);
  await withControl(async (control) => {
    const { webhook = null } = options;
    if (webhook !== null) await insistOnTarget(control, webhook);
    const { streams } = await control.topology.snapshot();
    if (streams.some((stream) => stream.name === name))
      throw badInput(`there is a stream "${name}": give the cluster another name`);
    const { actor, nowMs } = operatorOf(control);
    const first = { number: 1, name: files.rows[0]!.host, zone: 'default' };
    const cluster = await control.clusters.add({
      name,
      version: 1,
      hosts: [{ ...first, eventsPerSecond: null, bytesPerSecond: null, memoryBytes: null }],
      partitions: [],
      hostsChangedMs: null,
      webhook,
      source: null,
      observedToMs: null,
      stepMs: STEP_MS_DEFAULT,
      shiftMs: 0,
      createdMs: nowMs(),
      createdBy: actor,
    });
    if (cluster === undefined)
      throw badInput(`there is a cluster "${name}" already; "foreshard clusters import" takes in newer load`);
    try {
      await report(control, await load(control, cluster, files, options), options);
    } catch (error) {
      // it was not there before
      await control.clusters.remove(name);
      throw error;
    }
  });
}
