/** foreshard clusters import: newer load, and what hosts can take. All of a file or nothing. */
import { LOAD_LENGTH_MAX, type NewLoad, type Shift } from '@foreshard/core/external';
import { clusters, type OutputOf } from '@foreshard/core/operations';
import { badInput } from '../failure.ts';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { counted, print, printJson } from '../output.ts';
import { importDirectly } from './direct.ts';
import { type LoadFiles, readFiles } from './load-files.ts';

export interface LoadOptions extends OperationOptions {
  readonly csv?: string;
  readonly hosts?: string;
  readonly step?: number;
  readonly shift: Shift;
  readonly replace?: boolean;
}

type LoadReport = OutputOf<typeof clusters.add>;

export async function importLoad(name: string, options: LoadOptions): Promise<void> {
  if (options.csv === undefined && options.hosts === undefined)
    throw badInput('nothing to import: give --csv FILE, --hosts FILE or both');
  const files = await readFiles(options);
  if (options.direct) return report(await importDirectly(name, directLoad(files, options)), options);
  const { replace = false } = options;
  const load = loadOf(files, options);
  // hosts first, so that load is planned on what they take
  const changed =
    files.capacities.length === 0
      ? undefined
      : await runOperation(clusters.change, { name, hosts: [...files.capacities] }, options);
  if (load !== undefined) {
    const input = { name, ...load, ...how(options), replace };
    return report(await runOperation(clusters.importLoad, input, options), options);
  }
  if (options.json) return printJson(changed);
  await print(`${name}: what ${counted(files.capacities.length, 'host')} can take is known\n`);
}

/** What an edge takes at a time. @throws CommandFailure */
export function loadOf({ load }: LoadFiles, { csv }: LoadOptions): { readonly load: string } | undefined {
  if (load === undefined) return undefined;
  if (load.length <= LOAD_LENGTH_MAX) return { load };
  const megabytes = (length: number) => (length / 1e6).toFixed(1);
  throw badInput(
    `${csv} has ${megabytes(load.length)} MB, and an edge takes ${megabytes(LOAD_LENGTH_MAX)} MB at a time: use --direct`,
  );
}

export function how({ shift, step }: LoadOptions) {
  return { shift, ...(step === undefined ? {} : { stepSeconds: step }) };
}

export function directLoad(
  { rows, capacities }: LoadFiles,
  { shift, step, replace = false }: LoadOptions,
): NewLoad {
  const stepMs = step === undefined ? {} : { stepMs: step * 1_000 };
  return { rows, capacities, shift, replaces: replace, ...stepMs };
}

export async function report(taken: LoadReport, { json }: OperationOptions): Promise<void> {
  if (json) return printJson(taken);
  const { name, hosts, partitions, rows, known, tooOld, shiftSeconds, from, to, hostsAssumed } = taken;
  const isNew = from !== null && to !== null;
  const lines = [
    `${name}: ${counted(partitions, 'partition')} on ${counted(hosts, 'host')}`,
    isNew ? `${rows} lines of load, from ${from} to ${to}` : 'no new load',
    ...(known > 0 ? [`${known} lines were known already`] : []),
    ...(tooOld > 0 ? [`${tooOld} measurements lie before what is kept`] : []),
    ...(shiftSeconds === 0 || !isNew
      ? []
      : [`times were moved by ${daysOf(shiftSeconds)} days, so that the record ends now`]),
    ...(hostsAssumed > 0
      ? [`what ${counted(hostsAssumed, 'host')} can take is assumed from the policy (--hosts FILE says it)`]
      : []),
    `see the console under Clusters, or "foreshard clusters plan ${name}"`,
  ];
  await print(`${lines.join('\n')}\n`);
}

function daysOf(seconds: number): string {
  return (seconds / 86_400).toFixed(2);
}
