/**
 * What the doctor looks at on each host: its settings, what runs on it, and whether it agrees with the topology
 * store.
 */

import {
  type EventHost,
  type Finding,
  type HostStanding,
  ok,
  problem,
  standingOf,
  warning,
} from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import { type Control, connectHost, engineAt, type Inspection, inspectHost } from '../composition.ts';
import { newestVersionSeen } from './after-restore/survey.ts';
import { clockFinding } from './database-state.ts';
import { examineEngineDisk } from './disk-space.ts';

export async function examineHosts(control: Control): Promise<Finding[]> {
  const { hosts } = await control.topology.snapshot();
  if (hosts.length === 0)
    return [
      problem(
        'hosts',
        'The topology store knows none: events have no place',
        'add one: foreshard hosts add URL',
      ),
    ];
  const examined = await Promise.all(hosts.map((host) => examineHost(control, host)));
  const answering = hosts.filter((_, i) => examined[i]!.answers);
  return [...examined.flatMap(({ findings }) => findings), ...(await examineMemory(control, answering))];
}

async function examineHost(control: Control, host: Host): Promise<Inspection> {
  const subject = subjectOf(host);
  const settings = await inspectHost(host.url, subject);
  if (!settings.answers) return settings;
  // before anything connects to it as to a host, which loads the functions
  const functions = await examineFunctions(subject, host);
  const own = await examineIdentity(subject, control, host).catch((error: Error) => [
    unusable(subject, error),
  ]);
  const disk = await examineHostDisk(subject, host);
  return { answers: true, findings: [...settings.findings, ...functions, ...own, ...disk] };
}

function subjectOf({ id, name }: Host): string {
  return `host ${id} (${name})`;
}

async function examineFunctions(subject: string, { url }: Host): Promise<Finding[]> {
  const { functions } = engineAt(url);
  if (functions === undefined) return [];
  try {
    const name = functions.name();
    if ((await functions.loaded(url)).includes(name))
      return [ok(subject, `the functions ${name} are loaded`)];
    return [
      warning(
        subject,
        `the functions of this release (${name}) were not loaded: every call to it failed until somebody loads them, as this look does`,
        'nothing for a new host or release; else find out who runs FUNCTION FLUSH or FLUSHALL there',
      ),
    ];
  } catch {
    // that it does not answer, or lets nobody look, is told by the others
    return [];
  }
}

async function examineIdentity(subject: string, control: Control, host: Host): Promise<Finding[]> {
  const opened = await connectHost(host.url);
  try {
    const before = Date.now();
    const { hostId, incarnation, clockMicros } = await opened.identify();
    const isSuspended = host.readmission?.regressed !== undefined;
    return [
      storeOf(subject, host, hostId),
      progressFinding(subject, host, await standing(control, host, opened)),
      ...(isSuspended ? [] : [runFinding(subject, incarnation === host.incarnation)]),
      clockFinding(subject, clockMicros / 1_000, before, Date.now()),
    ];
  } finally {
    await opened.close();
  }
}

function runFinding(subject: string, isTrusted: boolean): Finding {
  if (isTrusted) return ok(subject, 'the run that the topology store knows');
  return problem(
    subject,
    'it was restarted and is not readmitted yet: its shardlets take no events',
    'see that the worker runs: foreshard status',
  );
}

/** Marks of a second; more often they do not change between two readings of the proof. */
const LOOKS_MAX = 3;

/** A host is marked every second, so a deviation counts when the proof was the same before and after. */
async function standing({ proofs }: Control, host: Host, opened: EventHost): Promise<HostStanding> {
  for (let look = 1; ; look++) {
    const before = (await proofs.proofs()).get(host.id);
    const found = standingOf(host.generation, before, await opened.identify());
    if (found.kind === 'whole' || look === LOOKS_MAX) return found;
    if ((await proofs.proofs()).get(host.id)?.next === before?.next) return found;
  }
}

function progressFinding(subject: string, { id, readmission }: Host, found: HostStanding): Finding {
  const regressed = readmission?.regressed;
  if (regressed?.accepted !== undefined)
    return warning(
      subject,
      'its loss was accepted, it is being readmitted',
      'see that the worker runs: foreshard status',
    );
  if (found.kind === 'foreign')
    return problem(
      subject,
      `another control plane uses it, or the topology store was restored from an older copy: ${found.detail}`,
      'stop the other control plane, then run "foreshard doctor --after-restore" on the one that goes on',
    );
  const detail = found.kind === 'regressed' ? found.detail : regressed?.detail;
  if (detail === undefined) return ok(subject, 'it is as far as the topology store knows it to be');
  return problem(
    subject,
    `it went back to an older state: ${detail}. Its shardlets wait`,
    `start it on a newer copy of its data, if there is one; then: foreshard hosts accept-loss ${id} --dry-run`,
  );
}

function unusable(subject: string, { message }: Error): Finding {
  const isForbidden = /NOPERM/.test(message);
  return problem(
    subject,
    `it cannot be used as a host: ${message}`,
    isForbidden ? 'give the user in its address all commands on all keys' : 'start it, or mend its address',
  );
}

function storeOf(subject: string, host: Host, hostId: number | undefined): Finding {
  if (hostId === host.id) return ok(subject, 'the store that the topology store knows');
  const what = hostId === undefined ? 'its store is empty' : `its store is that of host ${hostId}`;
  return problem(
    subject,
    `${what}, the topology store expects host ${host.id}: nobody may use it`,
    'restore its data, or mend its address',
  );
}

async function examineHostDisk(subject: string, { url }: Host): Promise<Finding[]> {
  try {
    return await examineEngineDisk(subject, url, await engineAt(url).dataFolder(url));
  } catch {
    // that it does not answer is told by the others
    return [];
  }
}

/**
 * Whether the topology store is older than what hosts know. A topology store that was restored by "foreshard restore"
 * says so itself; one that came back by other means (an image of a disk, pg_restore) does not, and would decide over
 * again what was decided otherwise.
 */
async function examineMemory(control: Control, hosts: readonly Host[]): Promise<Finding[]> {
  if ((await control.restoration.clock()).mark !== undefined) return [];
  const seen = await Promise.all(hosts.map((host) => newestVersionSeen(host).catch(() => undefined)));
  // read after the hosts, since the topology store goes on meanwhile
  const { version } = await control.restoration.clock();
  return hosts.flatMap((host, i) => {
    const newest = seen[i];
    if (newest === undefined) return [];
    if (newest <= version)
      return [ok(subjectOf(host), 'knows nothing that is younger than the topology store')];
    return [
      problem(
        subjectOf(host),
        `it was told of version ${newest}, the topology store is at ${version}: the topology store is an older copy and has forgotten decisions, so what it decides now may lose events`,
        'run "foreshard doctor --after-restore" at once',
      ),
    ];
  });
}
