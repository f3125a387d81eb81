/**
 * foreshard doctor --after-restore: ends the state in which the topology store decides nothing because it was
 * restored. Safe: the topology store has lost nothing that a host knows of, and goes on above everything anybody may
 * have seen. Unsafe: what the topology store should say is proposed row by row, and applied when a person has
 * confirmed it.
 */
import { DEDUP_LEAD_MICROS, type EventHost, type HostProof, type HostStanding } from '@foreshard/core/hosts';
import type { Topology } from '@foreshard/core/topology';
import { type Control, connectHost, operatorHere } from '../../composition.ts';
import { CommandFailure } from '../../failure.ts';
import { saysYes, writeOut } from '../../output.ts';
import { tableOf } from '../../table.ts';
import { foreignOf, insistOnBeingAlone, renewedHosts, sendMark, standingsOf, takeOver } from './alone.ts';
import { type Comparison, compare } from './compare.ts';
import { type HostStep, type Proposal, propose } from './proposal.ts';
import { type Survey, surveyHosts } from './survey.ts';

export interface AfterRestoreOptions {
  readonly confirm: boolean;
  readonly json: boolean;
  /** addresses of hosts that joined after the backup */
  readonly host: readonly string[];
}

interface Examination {
  readonly topology: Topology;
  readonly surveys: readonly Survey[];
  readonly comparison: Comparison;
  readonly proofs: ReadonlyMap<number, HostProof>;
  /** foreign: another control plane marked the host since, or this topology store is the older one */
  readonly standings: ReadonlyMap<number, HostStanding>;
}

export async function afterRestore(control: Control, options: AfterRestoreOptions): Promise<void> {
  const { mark } = await control.restoration.clock();
  let examination = await examine(control, options.host);
  if (mark === undefined) {
    if (isSafe(examination) && !hasForeign(examination))
      return say(options, 'nothing', examination, undefined);
    // restored by other means: nothing may be decided from here on, so it is looked at once more
    await control.restoration.mark({ restoredAtMs: Date.now() });
    examination = await examine(control, options.host);
  }
  const marks = await insistOnBeingAlone(examination.surveys, control.proofs);
  const proposal = propose(examination.topology, examination.surveys, examination.comparison, Date.now());
  if (!isSafe(examination)) await insistOnConsent(examination, proposal, options);
  const { standings, proofs } = examination;
  const send = (proof: HostProof) => sendMark(proof, examination.surveys);
  if (!(await takeOver(control.proofs, foreignOf(marks, standings), proofs, send))) throw changedMeanwhile();
  await apply(control, examination, isSafe(examination) ? asItIs(proposal) : proposal);
  say(options, isSafe(examination) ? 'safe' : 'adopted', examination, proposal);
}

async function examine({ topology, proofs: store }: Control, also: readonly string[]): Promise<Examination> {
  const snapshot = await topology.snapshot();
  const surveys = await surveyHosts(snapshot.hosts, also);
  // read after the hosts: this topology store's own worker may go on marking
  const proofs = await store.proofs();
  const standings = standingsOf(snapshot.hosts, surveys, proofs);
  return { topology: snapshot, surveys, comparison: compare(snapshot, surveys), proofs, standings };
}

function hasForeign({ standings }: Examination): boolean {
  return [...standings.values()].some(({ kind }) => kind === 'foreign');
}

function changedMeanwhile(): CommandFailure {
  return new CommandFailure(
    'The topology store has changed meanwhile: run "foreshard doctor --after-restore" again',
  );
}

function isSafe({ comparison }: Examination): boolean {
  return comparison.discrepancies.length === 0;
}

function asItIs(proposal: Proposal): Proposal {
  const nothing = { streams: [], streamsRemoved: [], hosts: [], shardlets: [], garbage: [] };
  return { ...proposal, adopted: nothing, hostSteps: [], steps: [] };
}

/** @throws CommandFailure when it cannot be applied, or nobody has confirmed it */
async function insistOnConsent(
  examination: Examination,
  proposal: Proposal,
  { confirm, json }: AfterRestoreOptions,
): Promise<void> {
  if (json) {
    if (!confirm || obstacle(examination, proposal) !== undefined)
      writeOut(`${JSON.stringify(documentOf('unsafe', examination, proposal))}\n`);
  } else writeOut(`${shown(examination, proposal)}\n`);
  const reason = obstacle(examination, proposal);
  if (reason !== undefined) throw new CommandFailure(reason);
  if (confirm || (!json && (await saysYes('Write these rows into the topology store?')))) return;
  throw new CommandFailure('nothing was changed: confirm with "foreshard doctor --after-restore --confirm"');
}

function obstacle({ surveys }: Examination, { steps }: Proposal): string | undefined {
  const silent = surveys.filter((s) => s.kind === 'silent');
  if (silent.length > 0)
    return `The topology store stays closed: ${silent.map((s) => `host ${s.host} (${s.reason})`).join(', ')} cannot be examined; start it, or mend its address`;
  const open = steps.filter((s) => s.action === 'unresolved');
  if (open.length > 0)
    return `The topology store stays closed: ${open.length} ranges of positions are unresolved; name hosts that joined after the backup with --host URL, or restore their data`;
  return undefined;
}

async function apply(control: Control, examination: Examination, proposal: Proposal): Promise<void> {
  for (const step of proposal.hostSteps) await carryOut(step, examination.surveys);
  const { version, nextIds } = proposal;
  const { topology, surveys } = examination;
  const hosts = [...proposal.adopted.hosts, ...renewedHosts(topology.hosts, surveys)];
  const adopted = { ...proposal.adopted, hosts };
  const examinedVersion = topology.version;
  const taken = await control.restoration.finish(
    { examinedVersion, version, nextIds, adopted },
    operatorHere(),
  );
  if (!taken) throw changedMeanwhile();
  // both are conveniences: a worker and every edge look by themselves
  await control.jobs.wake('reconcile').catch(() => {});
  await control.notifier.notify(version).catch(() => {});
}

async function carryOut(step: HostStep, surveys: readonly Survey[]): Promise<void> {
  const survey = surveys.find((s) => s.host === step.host);
  if (survey?.kind !== 'surveyed') throw new CommandFailure(`host ${step.host} was not examined`);
  const host = await connectHost(survey.url);
  try {
    const reply = await performed(host, step);
    if (reply === 'stale')
      throw new CommandFailure(
        `host ${step.host} has changed meanwhile: run "foreshard doctor --after-restore" again`,
      );
  } finally {
    await host.close();
  }
}

async function performed(host: EventHost, { kind, shardlet, epoch, from }: HostStep): Promise<string> {
  if (kind === 'drop') return (await host.drop(shardlet, epoch)).kind;
  if (kind === 'open') return (await host.open(shardlet, epoch)).kind;
  const { stream, range, parent } = from!;
  const dedup = { windowMicros: stream.dedupWindowMs * 1_000, leadMicros: DEDUP_LEAD_MICROS };
  const parents = [{ shardlet: parent.shardlet, epoch: parent.epoch }];
  return (await host.createOpen(shardlet, epoch, { stream: stream.id, range, dedup }, parents)).kind;
}

type Outcome = 'nothing' | 'safe' | 'adopted' | 'unsafe';

function documentOf(outcome: Outcome, { topology, comparison }: Examination, proposal: Proposal | undefined) {
  return {
    outcome,
    safe: comparison.discrepancies.length === 0,
    restoredVersion: topology.version,
    highestVersionFound: comparison.highestVersion,
    ...(proposal === undefined ? {} : { nextVersion: proposal.version }),
    discrepancies: comparison.discrepancies,
    steps: proposal?.steps ?? [],
  };
}

const OUTCOME_TEXTS: Readonly<Record<Outcome, string>> = {
  nothing: 'The topology store is not restored and agrees with every host: nothing to do',
  safe: 'safe: the topology store has lost nothing that a host knows of; it decides again',
  adopted: 'the rows are written: the topology store decides again, and the worker raises what was adopted',
  unsafe: 'unsafe',
};

function say(
  { json }: AfterRestoreOptions,
  outcome: Outcome,
  examination: Examination,
  proposal: Proposal | undefined,
): void {
  if (json) writeOut(`${JSON.stringify(documentOf(outcome, examination, proposal))}\n`);
  else {
    const version = proposal === undefined ? '' : ` (next version ${proposal.version + 1})`;
    writeOut(`${OUTCOME_TEXTS[outcome]}${version}\n`);
  }
}

const SHOWN_MAX = 40;

function shown({ topology, comparison }: Examination, { steps }: Proposal): string {
  const { discrepancies, highestVersion } = comparison;
  const head = `unsafe: the topology store was restored at version ${topology.version}, hosts have seen ${highestVersion}`;
  const found = discrepancies.slice(0, SHOWN_MAX).map(({ detail }) => `  ${detail}`);
  const more = discrepancies.length - found.length;
  if (more > 0) found.push(`  and ${more} more (--json shows all)`);
  const rows = steps.map((s) => ({ ...s, shardlet: s.shardlet || null, host: s.host || null }));
  const proposed =
    rows.length === 0
      ? 'The topology store needs no new rows'
      : `what the topology store should say:\n${tableOf(rows)}`;
  return `${head}\n${found.join('\n')}\n\n${proposed}`;
}
