/** foreshard clusters import: all of a file or nothing. */
import {
  importLoad as importInto,
  type LoadReply,
  type LoadReport,
  type NewLoad,
  type Shift,
} from '@foreshard/core/external';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { counted, print } from '../output.ts';
import { clusterDesk, unknownCluster } from './desk.ts';
import { type LoadFiles, readFiles } from './load-files.ts';

export interface LoadOptions {
  readonly csv?: string;
  readonly hosts?: string;
  readonly step?: number;
  readonly shift: Shift;
  readonly replace?: boolean;
  readonly json: boolean;
}

export async function importLoad(name: string, options: LoadOptions): Promise<void> {
  if (options.csv === undefined && options.hosts === undefined)
    throw badInput('nothing to import: give --csv FILE, --hosts FILE or both');
  const files = await readFiles(options);
  await withControl(async (control) => {
    await report(
      control,
      name,
      await importInto(clusterDesk(control), name, loadOf(files, options)),
      options,
    );
  });
}

export function loadOf(files: LoadFiles, { shift, step, replace = false }: LoadOptions): NewLoad {
  return { ...files, shift, replaces: replace, ...(step === undefined ? {} : { stepMs: step * 1_000 }) };
}

/** @throws CommandFailure when it was refused */
export async function report(
  control: Control,
  name: string,
  reply: LoadReply,
  { json }: { readonly json: boolean },
): Promise<void> {
  if (reply.kind === 'taken') return tell(control, reply.report, json);
  switch (reply.kind) {
    case 'refused':
      throw badInput(reply.detail);
    case 'exists':
      throw badInput(`there is a cluster "${name}" already; "foreshard clusters import" takes in newer load`);
    case 'unknown':
      throw unknownCluster(name);
    case 'busy':
      throw new CommandFailure('another import is under way, or the cluster was changed: try again');
  }
}

async function tell(control: Control, taken: LoadReport, json: boolean): Promise<void> {
  const { name, hosts, partitions, rows, known, tooOld, shiftMs, fromMs, toMs, hostsAssumed } = taken;
  const time = (ms: number) => new Date(ms).toISOString();
  const span = fromMs === null || toMs === null ? null : { from: time(fromMs), to: time(toMs) };
  if (json) {
    const counts = { hosts, partitions, rows, known, tooOld, shiftMs };
    return void (await print(`${JSON.stringify({ name, ...counts, ...span })}\n`));
  }
  const { policy } = await control.policies.at(Date.now());
  const lines = [
    `${name}: ${counted(partitions, 'partition')} on ${counted(hosts, 'host')}`,
    span === null ? 'no new load' : `${rows} lines of load, from ${span.from} to ${span.to}`,
    ...(known > 0 ? [`${known} lines were known already`] : []),
    ...(tooOld > 0 ? [`${tooOld} measurements lie before what is kept`] : []),
    ...(shiftMs === 0 || span === null
      ? []
      : [`times were moved by ${daysOf(shiftMs)} days, so that the record ends now`]),
    ...(hostsAssumed > 0
      ? [
          `of ${hostsAssumed} hosts nothing says what they take: the policy's ${policy.capacity.events_per_second} events a second are assumed (--hosts FILE)`,
        ]
      : []),
    `see the console under Clusters, or "foreshard clusters plan ${name}"`,
  ];
  await print(`${lines.join('\n')}\n`);
}

function daysOf(ms: number): string {
  return (ms / 86_400_000).toFixed(2);
}
