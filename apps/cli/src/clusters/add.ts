/** foreshard clusters add. */
import {
  clusterNameSchema,
  PAST_MS,
  type PrometheusSource,
  prometheusSchema,
  SOURCE_STEP_MS,
} from '@foreshard/core/external';
import { readSource } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { operatorOf } from '../restructure/operator.ts';
import { type LoadFiles, type LoadOptions, load, readFiles, report } from './import.ts';
import { insistOnTarget } from './webhook.ts';

interface AddOptions extends LoadOptions {
  readonly webhook?: string;
  readonly prometheus?: string;
  readonly query?: string;
  readonly partitionLabel: string;
  readonly hostLabel: string;
}

const STEP_MS_DEFAULT = 60_000;

export async function addCluster(name: string, options: AddOptions): Promise<void> {
  const named = clusterNameSchema.safeParse(name);
  if (!named.success) throw badInput(named.error.issues[0]!.message);
  const source = sourceOf(options);
  const files = source === null ? await readFiles(options) : await readFrom(source, options);
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
      source,
      problem: null,
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

function sourceOf({
  csv,
  prometheus: url,
  query,
  partitionLabel,
  hostLabel,
}: AddOptions): PrometheusSource | null {
  if ((csv === undefined) === (url === undefined))
    throw badInput('a cluster is described by its load: give --csv FILE, or --prometheus URL with --query');
  if (url === undefined) return null;
  const parsed = prometheusSchema.safeParse({ url, query, partitionLabel, hostLabel });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw badInput(`--${path[0] === 'url' ? 'prometheus' : String(path[0])}: ${message}`);
}

/** What it knows of the past week. */
async function readFrom(source: PrometheusSource, options: AddOptions): Promise<LoadFiles> {
  const { capacities } = await readFiles(options);
  const toMs = Math.floor(Date.now() / SOURCE_STEP_MS) * SOURCE_STEP_MS;
  const range = { fromMs: toMs - PAST_MS, toMs, stepMs: SOURCE_STEP_MS };
  const rows = await readSource(source, range).catch((error: Error) => {
    throw new CommandFailure(`Prometheus cannot be read: ${error.message}`);
  });
  if (rows.length === 0) throw badInput('the query gives no series of the past week');
  return { capacities, rows };
}
