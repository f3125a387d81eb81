/** foreshard recommendations, approve, reject. */
import {
  type ApprovalReply,
  type ApprovalRequest,
  approve,
  EVERY_CLUSTER,
  OWN_CLUSTER,
  RECOMMENDATION_STATES,
  type RecommendationRecord,
  reject,
  termsFor,
} from '@foreshard/core/advising';
import type { Command } from 'commander';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from '../failure.ts';
import { print } from '../output.ts';
import { idOf, ids } from '../restructure/arguments.ts';
import { printRows } from '../table.ts';
import { adviserOf } from './adviser.ts';
import { instant } from './instant.ts';

const LISTED_DEFAULT = 50;
const MB = 1e6;

interface ApproveOptions {
  readonly note: string;
  readonly window: boolean;
  readonly at?: number;
  readonly revision?: number;
  readonly topology?: number;
  readonly json: boolean;
}

export function register(program: Command): void {
  const recommendations = program
    .command('recommendations')
    .description('what the planner proposes for this cluster, and why');
  recommendations
    .command('list', { isDefault: true })
    .description('what waits for a decision or is being carried out; --all: also what has ended')
    .option('--all', 'also what has ended, newest first', false)
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .option('--json', 'one JSON document', false)
    .action(list);
  recommendations
    .command('show')
    .description('one with its evidence, checks and alternatives')
    .argument('<id>', 'its number', idOf)
    .action(show);
  recommendations
    .command('decisions')
    .description('what the planner has concluded, also that there is nothing to do')
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .option('--json', 'one JSON document', false)
    .action(decisions);
  program
    .command('approve')
    .description(
      'let recommendations be carried out; refused when the topology has changed since they were made',
    )
    .argument('<ids...>', 'their numbers', ids)
    .option('--note <text>', 'kept with the decision', '')
    .option('--window', 'begin in the next migration window of the policy', false)
    .option('--at <time>', 'do not begin before: 2026-12-01T04:00:00+01:00', instant)
    .option('--revision <number>', 'approve this revision and no other', idOf)
    .option('--topology <version>', 'approve what was simulated on this version and no other', idOf)
    .option('--json', 'one JSON document', false)
    .action((numbers: number[], options: ApproveOptions) => approveAll(numbers, options));
  program
    .command('reject')
    .description(
      'take recommendations out of the list until what is proposed changes; takes back an approval',
    )
    .argument('<ids...>', 'their numbers', ids)
    .requiredOption('--reason <text>', 'kept with the decision')
    .action((numbers: number[], { reason }: { reason: string }) => rejectAll(numbers, reason));
}

async function list({ all, limit, json }: { all: boolean; limit: number; json: boolean }): Promise<void> {
  await withControl(async ({ recommendations, policies }) => {
    const states = all ? RECOMMENDATION_STATES : (['open', 'approved', 'running'] as const);
    const found = await recommendations.list({ cluster: EVERY_CLUSTER, states, limit });
    if (json) return printRows(found as unknown as Record<string, unknown>[], true, '');
    const { policy } = await policies.at(Date.now());
    const [newest] = await recommendations.decisions(1);
    const nothing = newest?.nothingBecause ?? 'the planner has not run yet: is the worker ready?';
    printRows(found.map(rowOf), false, `nothing is recommended: ${nothing}`);
    const isForecastOnly = (record: RecommendationRecord) =>
      termsFor(policy, record).mode === 'forecast-only';
    if (found.length > 0 && found.every(isForecastOnly))
      process.stderr.write(
        'the policy only forecasts: "foreshard policy change mode=ask" lets you approve\n',
      );
  });
}

function rowOf({ id, cluster, state, body, revision, topologyVersion, realised }: RecommendationRecord) {
  return {
    id,
    cluster: cluster === OWN_CLUSTER ? 'own' : cluster,
    state,
    action: body.action,
    shardlets: body.shardlets.join(','),
    from: body.source,
    to: body.destination,
    urgency: body.urgency,
    gain: body.gain === null ? null : body.gain.expected.toFixed(4),
    realised: realised === null ? null : realised.gain.toFixed(4),
    mb: cluster !== OWN_CLUSTER && body.cost.bytes === 0 ? null : (body.cost.bytes / MB).toFixed(1),
    confidence: body.isReaction ? 'measured' : `${Math.round(100 * body.confidence)} %`,
    'revision/topology': `${revision}/${topologyVersion}`,
    why: body.reason,
  };
}

async function show(id: number): Promise<void> {
  await withControl(async ({ recommendations }) => {
    const found = await recommendations.find(id);
    if (found === undefined) throw badInput(`there is no recommendation ${id}`);
    await print(`${JSON.stringify(found, null, 2)}\n`);
  });
}

async function decisions({ limit, json }: { limit: number; json: boolean }): Promise<void> {
  await withControl(async ({ recommendations }) => {
    const found = await recommendations.decisions(limit);
    if (json) return printRows(found as unknown as Record<string, unknown>[], true, '');
    const rows = found.map(
      ({ atMs, lastMs, times, actions, policyVersion, topologyVersion, nothingBecause }) => ({
        first: new Date(atMs).toISOString(),
        last: new Date(lastMs).toISOString(),
        times,
        actions,
        policy: policyVersion,
        topology: topologyVersion,
        because: nothingBecause ?? `${actions} recommended`,
      }),
    );
    printRows(rows, false, 'the planner has not run yet: is the worker ready?');
  });
}

async function approveAll(numbers: readonly number[], options: ApproveOptions): Promise<void> {
  if (options.window && options.at !== undefined) throw badInput('--window and --at exclude each other');
  await withControl(async (control) => {
    const requests = await Promise.all(numbers.map((id) => requestOf(control, id, options)));
    const replies = await approve(adviserOf(control), requests);
    const rows = replies.map((reply, i) => ({ id: numbers[i]!, ...toldOf(reply) }));
    printRows(rows, options.json, '');
    const failed = rows.filter(({ result }) => result !== 'approved');
    if (failed.length === 0) return;
    const mayPass = replies.some(({ kind }) => kind === 'stale');
    const lines = failed.map(({ id, detail }) => `recommendation ${id}: ${detail}`);
    throw new CommandFailure(lines.join('; '), mayPass ? EXIT_FAILURE : EXIT_BAD_INPUT);
  });
}

/** Without a revision: what stands there now is what is approved. */
async function requestOf(
  { recommendations }: Control,
  id: number,
  { revision, topology, note, window, at }: ApproveOptions,
): Promise<ApprovalRequest> {
  const now = await recommendations.find(id);
  return {
    id,
    revision: revision ?? now?.revision ?? 0,
    topologyVersion: topology ?? now?.topologyVersion ?? 0,
    note,
    when: at ?? (window ? 'window' : 'now'),
  };
}

function toldOf(reply: ApprovalReply): { readonly result: string; readonly detail: string } {
  switch (reply.kind) {
    case 'approved': {
      const begins = reply.notBeforeMs === null ? 'at once' : new Date(reply.notBeforeMs).toISOString();
      return { result: 'approved', detail: `begins ${begins}` };
    }
    case 'unknown':
      return { result: 'unknown', detail: 'there is no such recommendation' };
    case 'ended':
      return { result: reply.record.state, detail: `it is ${reply.record.state}` };
    case 'forbidden':
      return { result: 'forbidden', detail: reply.detail };
    case 'stale':
      return { result: 'stale', detail: `${reply.detail}; it is simulated anew, look again in a moment` };
  }
}

async function rejectAll(numbers: readonly number[], reason: string): Promise<void> {
  await withControl(async (control) => {
    for (const id of numbers) {
      const reply = await reject(adviserOf(control), id, reason);
      if (reply.kind === 'unknown') throw badInput(`there is no recommendation ${id}`);
      if (reply.kind === 'ended') throw badInput(`recommendation ${id} is ${reply.record.state}`);
      await print(`${id} rejected\n`);
    }
  });
}
