/** Takes load of a file in: all of it or nothing. */
import {
  type ExternalCluster,
  extentOf,
  type LoadRow,
  OBSERVATION_FRESH_MS,
  type TakenIn,
  takeIn,
} from '@foreshard/core/external';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { readHostsCsv } from './hosts-csv.ts';
import { readLoadCsv } from './load-csv.ts';

export const SHIFTS = ['auto', 'none', 'end-now'] as const;

export interface LoadOptions {
  readonly csv?: string;
  readonly hosts?: string;
  readonly step?: number;
  readonly shift: (typeof SHIFTS)[number];
  readonly replace?: boolean;
  readonly json: boolean;
}

export interface LoadFiles {
  readonly rows: readonly LoadRow[];
  readonly capacities: Awaited<ReturnType<typeof readHostsCsv>>;
}

const MINUTE_MS = 60_000;

export async function readFiles({ csv, hosts }: LoadOptions): Promise<LoadFiles> {
  return {
    capacities: hosts === undefined ? [] : await readHostsCsv(hosts),
    rows: csv === undefined ? [] : await readLoadCsv(csv),
  };
}

export async function importLoad(name: string, options: LoadOptions): Promise<void> {
  if (options.csv === undefined && options.hosts === undefined)
    throw badInput('nothing to import: give --csv FILE, --hosts FILE or both');
  const files = await readFiles(options);
  await withControl(async (control) => {
    const cluster = await clusterNamed(control, name);
    await report(control, await load(control, cluster, files, options), options);
  });
}

type Taken = Extract<TakenIn, { kind: 'taken' }>;

/** @throws CommandFailure when it is refused */
export async function load(
  control: Control,
  cluster: ExternalCluster,
  { rows, capacities }: LoadFiles,
  { shift, step, replace = false }: LoadOptions,
): Promise<Taken> {
  const nowMs = Date.now();
  const stepMs = step === undefined ? {} : { stepMs: step * 1_000 };
  const reply = await takeIn({ clusters: control.clusters, telemetry: control.telemetry, nowMs }, cluster, {
    ...{ rows, capacities, ...stepMs, replaces: replace },
    shiftMs: shiftOf(
      rows,
      replace ? { ...cluster, observedToMs: null } : cluster,
      shift,
      stepMs.stepMs,
      nowMs,
    ),
  });
  if (reply.kind === 'refused') throw badInput(reply.detail);
  if (reply.kind === 'busy')
    throw new CommandFailure('another import is under way, or the cluster was changed: try again');
  // it is forecast first, so that the plan stands on it
  await control.jobs.wake('forecast').catch(() => {});
  await control.jobs.wake('clusters').catch(() => {});
  return reply;
}

/** What continues an earlier import is moved as that was. */
function shiftOf(
  rows: readonly LoadRow[],
  { observedToMs, shiftMs }: ExternalCluster,
  shift: LoadOptions['shift'],
  stepMs: number | undefined,
  nowMs: number,
): number {
  const extent = extentOf(rows, stepMs);
  if (extent === undefined || shift === 'none') return 0;
  if (observedToMs !== null && shift === 'auto') return shiftMs;
  const behindMs = nowMs - extent.lastMs - extent.stepMs;
  if (shift === 'auto' && behindMs < OBSERVATION_FRESH_MS) return 0;
  return Math.floor(behindMs / MINUTE_MS) * MINUTE_MS;
}

export async function report(
  control: Control,
  { cluster, rows, known, tooOld, extent }: Taken,
  { json }: { readonly json: boolean },
): Promise<void> {
  const { name, hosts, partitions, shiftMs } = cluster;
  const time = (ms: number) => new Date(ms).toISOString();
  const span = extent === undefined ? null : { from: time(extent.firstMs), to: time(cluster.observedToMs!) };
  if (json) {
    const counts = { hosts: hosts.length, partitions: partitions.length, rows, known, tooOld, shiftMs };
    return void (await print(`${JSON.stringify({ name, ...counts, ...span })}\n`));
  }
  const { policy } = await control.policies.at(Date.now());
  const unknown = hosts.filter(({ eventsPerSecond }) => eventsPerSecond === null);
  const lines = [
    `${name}: ${partitions.length} partitions on ${hosts.length} hosts`,
    span === null ? 'no new load' : `${rows} lines of load, from ${span.from} to ${span.to}`,
    ...(known > 0 ? [`${known} lines were known already`] : []),
    ...(tooOld > 0 ? [`${tooOld} measurements lie before what is kept`] : []),
    ...(shiftMs === 0 || span === null
      ? []
      : [`times were moved by ${daysOf(shiftMs)} days, so that the record ends now`]),
    ...(unknown.length > 0
      ? [
          `of ${unknown.length} hosts nothing says what they take: the policy's ${policy.capacity.events_per_second} events a second are assumed (--hosts FILE)`,
        ]
      : []),
    `see the console under Clusters, or "foreshard clusters plan ${name}"`,
  ];
  await print(`${lines.join('\n')}\n`);
}

function daysOf(ms: number): string {
  return (ms / 86_400_000).toFixed(2);
}

export async function clusterNamed({ clusters }: Control, name: string): Promise<ExternalCluster> {
  const found = await clusters.find(name);
  if (found === undefined) throw badInput(`there is no cluster "${name}"; see "foreshard clusters"`);
  return found;
}
