/** foreshard recommendations, approve, reject. */
import { confidenceWords, EVERY_CLUSTER, effectWords, realisedWords } from '@foreshard/core/advising';
import { hosts, type InputOf, type OutputOf, recommendations } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { failureOf, type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { note, print, printJson } from '../output.ts';
import { idOf, ids } from '../restructure/arguments.ts';
import { printRows } from '../table.ts';
import { instant } from './instant.ts';

const LISTED_DEFAULT = 50;
const MB = 1e6;

type Recommendation = OutputOf<typeof recommendations.read>;
type Approvals = InputOf<typeof recommendations.approveSeveral>;
type ApprovalResult = OutputOf<typeof recommendations.approveSeveral>['results'][number];

interface ListOptions extends OperationOptions {
  readonly all: boolean;
  readonly limit: number;
}

interface ApproveOptions extends OperationOptions {
  readonly note: string;
  readonly window: boolean;
  readonly at?: number;
  readonly revision?: number;
  readonly topology?: number;
}

export function register(program: Command): void {
  const group = program
    .command('recommendations')
    .description('what the planner proposes for this cluster, and why');
  operating(group.command('list', { isDefault: true }), recommendations.list)
    .description('what waits for a decision or is being carried out; --all: also what has ended')
    .option('--all', 'also what has ended, newest first', false)
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .action(list);
  operating(group.command('show'), recommendations.read)
    .description('one with its evidence, checks and alternatives')
    .argument('<id>', 'its number', idOf)
    .action(show);
  operating(group.command('decisions'), recommendations.decisions)
    .description('what the planner has concluded, also that there is nothing to do')
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .action(decisions);
  operating(program.command('approve'), recommendations.approveSeveral)
    .description(
      'let recommendations be carried out; refused when the topology has changed since they were made',
    )
    .argument('<ids...>', 'their numbers', ids)
    .option('--note <text>', 'kept with the decision', '')
    .option('--window', 'begin in the next migration window of the policy', false)
    .option('--at <time>', 'do not begin before: 2026-12-01T04:00:00+01:00', instant)
    .option('--revision <number>', 'approve this revision and no other', idOf)
    .option('--topology <version>', 'approve what was simulated on this version and no other', idOf)
    .action(approve);
  operating(program.command('reject'), recommendations.reject)
    .description(
      'take recommendations out of the list until what is proposed changes; takes back an approval',
    )
    .argument('<ids...>', 'their numbers', ids)
    .requiredOption('--reason <text>', 'kept with the decision')
    .action(reject);
}

async function list({ all, limit, ...options }: ListOptions): Promise<void> {
  const asked = { cluster: EVERY_CLUSTER, limit, ...(all ? { state: 'all' as const } : {}) };
  const answer = await runOperation(recommendations.list, asked, options);
  if (options.json) return printJson(answer);
  const found = answer.recommendations;
  const empty = found.length > 0 ? '' : `nothing is recommended: ${await whyNothing(options)}`;
  const names = await namesOf(found, options);
  printRows(
    found.map((one) => rowOf(one, names)),
    false,
    empty,
  );
  const obstacles = new Set(found.map(({ obstacle }) => obstacle));
  const [only] = obstacles;
  if (obstacles.size === 1 && only) note(`none of these can be approved: ${only}`);
}

async function whyNothing(options: OperationOptions): Promise<string> {
  const [newest] = (await runOperation(recommendations.decisions, { limit: 1 }, options)).decisions;
  return newest === undefined
    ? 'the planner has not run yet: is the worker ready?'
    : (newest.nothingBecause ?? 'all that was recommended is decided');
}

/** Hosts of our own by their names; those of others come with theirs. */
async function namesOf(
  found: readonly Recommendation[],
  options: OperationOptions,
): Promise<ReadonlyMap<string, string>> {
  if (found.every(({ cluster }) => cluster !== null)) return new Map();
  const answer = await runOperation(hosts.list, {}, options);
  return new Map(answer.hosts.map(({ id, name }) => [String(id), name]));
}

function rowOf(
  { id, cluster, state, proposal, revision, topologyVersion, realised }: Recommendation,
  names: ReadonlyMap<string, string>,
) {
  const { action, shardlets, source, destination, urgency, gain, cost, reason } = proposal;
  const nameOf = (host: string | null) =>
    host === null || cluster !== null ? host : (names.get(host) ?? host);
  const places = { source: nameOf(source), destination: nameOf(destination) };
  return {
    id,
    cluster: cluster ?? 'own',
    state,
    action,
    shardlets: shardlets.join(','),
    from: places.source,
    to: places.destination,
    urgency,
    effect: effectWords(proposal, places),
    'came true': realisedWords(realised, gain),
    copies: cluster !== null && cost.bytes === 0 ? null : `${(cost.bytes / MB).toFixed(1)} MB`,
    confidence: confidenceWords(proposal),
    'revision/topology': `${revision}/${topologyVersion}`,
    why: reason,
  };
}

async function show(recommendation: number, options: OperationOptions): Promise<void> {
  const found = await runOperation(recommendations.read, { recommendation }, options);
  if (options.json) return printJson(found);
  await print(`${JSON.stringify(found, null, 2)}\n`);
}

async function decisions({ limit, ...options }: OperationOptions & { limit: number }): Promise<void> {
  const answer = await runOperation(recommendations.decisions, { limit }, options);
  if (options.json) return printJson(answer);
  const rows = answer.decisions.map(
    ({ at, lastAt, times, actions, policyVersion, topologyVersion, nothingBecause }) => ({
      first: at,
      last: lastAt,
      times,
      actions,
      policy: policyVersion,
      topology: topologyVersion,
      because: nothingBecause ?? `${actions} recommended`,
    }),
  );
  printRows(rows, false, 'the planner has not run yet: is the worker ready?');
}

async function approve(numbers: readonly number[], options: ApproveOptions): Promise<void> {
  const { note, window, at } = options;
  if (window && at !== undefined) throw badInput('--window and --at exclude each other');
  const requests: Approvals['requests'] = [];
  for (const id of numbers) requests.push(await requestFor(id, options));
  const when = at === undefined ? (window ? 'window' : 'now') : new Date(at).toISOString();
  const answer = await runOperation(recommendations.approveSeveral, { requests, note, when }, options);
  if (options.json) printJson(answer);
  else printRows(answer.results.map(approvalRow), false, '');
  const refusals = answer.results.flatMap(({ refusal }) => refusal ?? []);
  const worst = refusals.find(({ code }) => code === 'conflict') ?? refusals[0];
  if (worst !== undefined) throw failureOf(worst.code, refusals.map(({ detail }) => detail).join(' '));
}

/** Without a revision: what stands there now is what is approved. */
async function requestFor(
  recommendation: number,
  { revision, topology, ...options }: ApproveOptions,
): Promise<Approvals['requests'][number]> {
  if (revision !== undefined && topology !== undefined)
    return { recommendation, revision, topologyVersion: topology };
  const now = await runOperation(recommendations.read, { recommendation }, options);
  return {
    recommendation,
    revision: revision ?? now.revision,
    topologyVersion: topology ?? now.topologyVersion,
  };
}

/** With four eyes. */
const SECOND = 'another person has to approve it as well';

function approvalRow({ recommendation, result, notBefore, refusal }: ApprovalResult) {
  const approved = result === 'approved' ? `starts ${notBefore ?? 'at once'}` : SECOND;
  return { id: recommendation, result, detail: refusal?.detail ?? approved };
}

async function reject(
  numbers: readonly number[],
  { reason: note, ...options }: OperationOptions & { reason: string },
): Promise<void> {
  for (const recommendation of numbers) {
    const rejected = await runOperation(recommendations.reject, { recommendation, note }, options);
    if (options.json) printJson(rejected);
    else await print(`${recommendation} rejected\n`);
  }
}
